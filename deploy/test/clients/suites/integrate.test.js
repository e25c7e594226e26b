// docs/integrate.md as a stranger follows it: every command is run in order in one shell, every program is saved and
// run, and where an answer is shown the real one has its form.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import test, { after } from 'node:test';
import { base, source } from '../lib/live.js';

const folder = mkdtempSync(`${tmpdir()}/cobuild-integrate-`);
after(() => rmSync(folder, { recursive: true }));

const pages = (name) => readFileSync(`${source}/docs/${name}`, 'utf8');
const blocks = (text) => [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind, code]) => ({ kind, code }));

// formed says where a value has not the form of the shown one: the same fields with the same kinds of values. Of a list
// the first member is shown.
function formed(shown, real, at = 'answer') {
  if (Array.isArray(shown)) {
    if (!Array.isArray(real)) return [`${at} is no list`];
    if (shown.length > 0 && real.length === 0) return [`${at} is empty`];
    return shown.length > 0 ? formed(shown[0], real[0], `${at}.0`) : real.map((_, i) => `${at}.${i} is not shown`);
  }
  if (shown === null || typeof shown !== 'object') {
    const same = (shown === null) === (real === null) && typeof shown === typeof real;
    return same ? [] : [`${at} is ${JSON.stringify(real)}`];
  }
  if (real === null || typeof real !== 'object') return [`${at} is ${JSON.stringify(real)}`];
  const names = new Set([...Object.keys(shown), ...Object.keys(real)]);
  return [...names].flatMap((name) => {
    if (!(name in real)) return [`${at}.${name} is absent`];
    if (!(name in shown)) return [`${at}.${name} is not shown`];
    return formed(shown[name], real[name], `${at}.${name}`);
  });
}

// run runs a command in the folder, with what earlier commands have exported.
function run(code) {
  const script = `set -euo pipefail\n[ ! -e .exported ] || . ./.exported\n${code}\nexport -p > .exported`;
  const { COBUILD_URL, COBUILD_TOKENS, COBUILD_DATA, COBUILD, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(status, 0, `${code}\n${stdout}${stderr}`);
  return stdout;
}

test('every command of docs/integrate.md does what it says', () => {
  mkdirSync(`${folder}/bin`);
  symlinkSync(process.env.COBUILD_DATA, `${folder}/data`);
  symlinkSync(process.env.COBUILD, `${folder}/bin/cobuild`);
  for (const name of ['go.mod', 'go.sum', 'graph', 'internal', 'docs']) symlinkSync(`${source}/${name}`, `${folder}/${name}`);
  let out = '';
  let ran = 0;
  for (const { kind, code } of blocks(pages('integrate.md'))) {
    const file = code.match(/^\/\/ (\S+\.\w+)\n/)?.[1];
    if (file) {
      mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
      writeFileSync(`${folder}/${file}`, code);
    } else if (kind === 'sh') {
      out = run(code.replaceAll('http://127.0.0.1:8080', base));
      assert.doesNotMatch(out, /GRAPHQL_|BAD_USER_INPUT|INTERNAL/, code);
      assert.ok(out.trim() || !/^(curl(?!.*>)|go|node)/m.test(code), `${code} says nothing`);
      ran++;
    } else if (kind === 'json') {
      const shown = JSON.parse(code);
      const { extensions, ...real } = JSON.parse(out); // the price, which every answer tells and the page shows once
      if (shown.extensions) real.extensions = extensions;
      assert.deepEqual(formed(shown, real), [], out);
    } else {
      assert.equal(kind, 'console', `a block of ${kind} is neither run nor saved`);
    }
  }
  assert.ok(ran >= 10, `${ran} commands`);
});

test('the Chinese page has the same commands and programs', () => {
  assert.deepEqual(blocks(pages('integrate.zh-CN.md')), blocks(pages('integrate.md')));
});
