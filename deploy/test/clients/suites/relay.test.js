// Relay: relay-compiler takes the published schema and a frontend's documents, relay-runtime runs what it makes of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test, { before } from 'node:test';
import relay from 'relay-runtime';
import { bearer, draft, endpoint, schemaFile, source } from '../lib/live.js';

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery, getRequest, getSingularSelector } = relay;
const folder = `${source}/deploy/test/clients/generated/relay`;
const load = createRequire(import.meta.url);
const artifact = (name) => load(`${folder}/${name}.graphql.js`);

before(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{"type":"commonjs"}\n');
  const clients = `${source}/deploy/test/clients`;
  const config = `${folder}/relay.config.json`;
  writeFileSync(config, JSON.stringify({
    root: clients, sources: { relay: 'cobuild' }, excludes: ['**/node_modules/**'],
    projects: { cobuild: { language: 'javascript', eagerEsModules: false, schema: '../../../graph/testdata/schema.graphql', output: 'generated/relay' } },
  }));
  execFileSync('relay-compiler', [config], { cwd: clients, encoding: 'utf8' });
});

const environment = (who, headers = who ? bearer(who) : {}) =>
  new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(async ({ text }, variables) => {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
        body: JSON.stringify({ query: text, variables }),
      });
      return answer.json();
    }),
  });

const run = (env, query, variables) => fetchQuery(env, query, variables).toPromise();
const mutate = (env, mutation, input) =>
  new Promise((onCompleted, onError) => commitMutation(env, { mutation, variables: { input }, onCompleted, onError }));
const read = (env, fragment, ref) => env.lookup(getSingularSelector(fragment, ref)).data;

test('the compiler knows our connections, and pages are merged into one list', async () => {
  const env = environment();
  const [query, list] = [artifact('documentsListQuery'), artifact('documentsList_query')];
  const { refetch } = list.metadata;
  assert.deepEqual(refetch.connection.forward, { count: 'count', cursor: 'cursor' });
  const data = await run(env, query, { count: 30 });
  const kept = env.retain(createOperationDescriptor(getRequest(query), { count: 30 }));
  let { communities } = read(env, list, data);
  while (communities.pageInfo.hasNextPage) {
    await run(env, refetch.operation, { count: 30, cursor: communities.pageInfo.endCursor });
    ({ communities } = read(env, list, data));
  }
  const ids = communities.edges.map(({ node }) => node.id);
  assert.ok(communities.totalCount > 60);
  assert.equal(new Set(ids).size, communities.totalCount);
  const name = read(env, artifact('documentsName_organisation'), communities.edges[0].node);
  assert.ok(name.name.length > 0);
  kept.dispose();
});

test('a fragment is fetched anew through node by its global id', async () => {
  const env = environment('secretary');
  const begun = await mutate(env, artifact('documentsBeginMutation'), await draft('Relay'));
  assert.deepEqual(begun.draftContract.errors, []);
  const { id } = begun.draftContract.contract;
  const fragment = artifact('documentsContract_contract');
  const { refetch } = fragment.metadata;
  assert.deepEqual(refetch.fragmentPathInResult, ['node']);
  assert.equal((await run(environment('outsider'), refetch.operation, { id })).node, null);
  const again = environment('secretary');
  const data = await run(again, refetch.operation, { id });
  const contract = read(again, fragment, data.node);
  assert.equal(contract.title, 'Relay');
  assert.deepEqual(contract.parties.map((p) => p.part), ['HOST', 'PARTNER']);
});

test('a mutation changes the record that all readers share', async () => {
  const env = environment('secretary');
  const begun = await mutate(env, artifact('documentsBeginMutation'), await draft('Relay, cancelled'));
  const { id, version } = begun.draftContract.contract;
  const query = artifact('documentsContractQuery');
  const data = await run(env, query, { id });
  const fragment = artifact('documentsContract_contract');
  const seen = new Promise((resolve) => {
    const selector = getSingularSelector(fragment, data.contract);
    env.subscribe(env.lookup(selector), (snapshot) => resolve(snapshot.data.status));
  });
  const done = await mutate(env, artifact('documentsCancelMutation'), { id, expectedVersion: version });
  assert.deepEqual(done.cancelContract.errors, []);
  assert.equal(await seen, 'CANCELLED');
});

test('errors at the top reject, errors of a payload are data', async () => {
  const env = environment('secretary');
  const begun = await mutate(env, artifact('documentsBeginMutation'), await draft('Relay, of others'));
  const { id, version } = begun.draftContract.contract;
  const lost = await mutate(environment('outsider'), artifact('documentsCancelMutation'), { id, expectedVersion: version });
  assert.equal(lost.cancelContract.contract, null);
  assert.equal(lost.cancelContract.errors[0].code, 'NOT_FOUND');
  const stranger = environment(null, { authorization: 'Bearer nonsense' });
  const why = await run(stranger, artifact('documentsListQuery'), { count: 1 }).then(() => assert.fail('not refused'), (error) => error);
  assert.equal(why.source.errors[0].extensions.code, 'UNAUTHENTICATED');
});
