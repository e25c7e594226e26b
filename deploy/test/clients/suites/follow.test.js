// The example of docs/events.md that keeps a table in step, in TypeScript: the compiler is strict with it, and it stays in
// step while it and a server of its own are killed.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { after, before } from 'node:test';
import { source } from '../lib/live.js';

const folder = mkdtempSync(`${tmpdir()}/cobuild-follow-`);
const { COBUILD } = process.env;
const password = 'a good long password';
const state = `${folder}/contracts.json`;
const tokenFile = `${folder}/token.txt`;
const running = new Set();
let url;
let address;
let town;

// run starts a program that goes on; kill ends it as a power cut would.
function run(program, args) {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (child.said += text));
  running.add(child);
  child.ended = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code;
  });
  return child;
}

async function kill(child) {
  child.kill('SIGKILL');
  await child.ended;
}

async function until(what, is) {
  for (const began = Date.now(); Date.now() - began < 180_000; await sleep(50)) {
    if (await is()) return;
  }
  assert.fail(`it never came to be that ${what}`);
}

const post = async (token, query, variables) => {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
};

// change does a mutation and gives its payload.
async function change(token, verb, input, fields) {
  const kind = `${verb[0].toUpperCase()}${verb.slice(1)}Input`;
  const { it } = await post(token, `mutation($in: ${kind}!) { it: ${verb}(input: $in) { ${fields} errors { code message } } }`, { in: input });
  assert.deepEqual(it.errors, [], verb);
  return it;
}

const signIn = async (login) => (await change(null, 'signIn', { login, password }, 'token')).token;

async function serve() {
  const server = run(COBUILD, ['serve', '--data', `${folder}/data`, '--addr', address, '--metrics-addr', 'off', '--log-level', 'warn']);
  let gone;
  server.ended.then(() => (gone = true));
  await until('the server answers', () => {
    assert.ok(!gone, server.said);
    return fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
  });
  return server;
}

const follow = () => run('node', ['follow.ts', '--url', url, '--token-file', tokenFile, '--state', state]);

// table is what the follower has kept so far.
function table() {
  try {
    return JSON.parse(readFileSync(state, 'utf8'));
  } catch (failed) {
    if (failed.code === 'ENOENT') return { contracts: {} };
    throw failed;
  }
}

async function found() {
  const admin = await signIn('admin');
  const made = async (verb, input, kind) => (await change(admin, verb, input, `${kind} { id }`))[kind].id;
  const district = await made('registerDistrict', { name: '惠山区', nameEn: 'Huishan', code: '320206' }, 'district');
  const subDistrict = await made('registerSubDistrict', { district, kind: 'STREET', name: '堰桥街道' }, 'subDistrict');
  const community = await made('registerCommunity', { type: 'COMMERCIAL', name: '长安社区', subDistrict }, 'community');
  const unit = await made('registerResidentUnit', {
    kind: 'ENTERPRISE', name: '恒远机械有限公司', creditCode: '91000000000000019G', registrations: [{ community }],
  }, 'residentUnit');
  const { code } = await change(admin, 'invitePerson', { role: 'SECRETARY', organisation: community, signing: true }, 'code');
  await change(null, 'acceptInvitation', { code, loginName: 'secretary', password, name: 'secretary' }, 'person { id }');
  const token = await signIn('secretary');
  writeFileSync(tokenFile, token);
  return { community, unit, token };
}

const drafted = async (title) => {
  const parties = [{ organisation: town.community, part: 'HOST' }, { organisation: town.unit, part: 'PARTNER' }];
  const day = (shift) => new Date(Date.now() + shift * 86_400_000).toISOString().slice(0, 10);
  return (await change(town.token, 'draftContract', { title, parties, effectiveOn: day(30), endsOn: day(395) }, 'contract { id version }')).contract;
};

const cancelled = ({ id, version }) => change(town.token, 'cancelContract', { id, expectedVersion: version }, 'contract { id }');

before(async () => {
  cpSync(`${source}/docs/examples/follow-ts`, folder, { recursive: true });
  symlinkSync(`${source}/deploy/test/clients/node_modules`, `${folder}/node_modules`);
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  address = `127.0.0.1:${probe.address().port}`;
  url = `http://${address}`;
  await new Promise((closed) => probe.close(closed));
  execFileSync(COBUILD, ['admin', 'create', '--login', 'admin', '--password-stdin', '--data', `${folder}/data`], { input: password });
});

after(async () => {
  await Promise.all([...running].map(kill));
  rmSync(folder, { recursive: true });
});

test('the compiler has nothing to say', () => {
  try {
    execFileSync('tsc', ['-p', folder], { encoding: 'utf8' });
  } catch (failed) {
    assert.fail(failed.stdout || failed.message);
  }
});

test('the table stays in step while both ends are killed', async () => {
  let server = await serve();
  town = await found();
  const before = await drafted('there before');
  let follower = follow();
  const has = (contract, status) => until(`${contract.id} is ${status}: ${follower.said}`, () => table().contracts[contract.id]?.status === status);
  await has(before, 'DRAFT'); // read
  const heard = await drafted('while it listens');
  await has(heard, 'DRAFT');

  await kill(follower);
  await cancelled(before);
  follower = follow();
  await has(before, 'CANCELLED'); // what happened while it was away

  await kill(server);
  await until(`it tries again: ${follower.said}`, () => follower.said.includes('again in'));
  server = await serve();
  await cancelled(heard);
  await has(heard, 'CANCELLED'); // without having been started anew

  await Promise.all([kill(server), kill(follower)]);
  server = await serve();
  const last = await drafted('while nobody listens');
  follower = follow();
  await has(last, 'DRAFT');
  assert.deepEqual(Object.keys(table().contracts).sort(), [before.id, heard.id, last.id].sort());
  assert.ok(!follower.said.includes(before.id), 'it began from the beginning');
});

test('a place that the server has not reached ends it', async () => {
  writeFileSync(state, JSON.stringify({ seq: '999999', contracts: {} }));
  const follower = follow();
  assert.equal(await follower.ended, 1);
  assert.match(follower.said, /SEQ_NOT_REACHED/);
});
