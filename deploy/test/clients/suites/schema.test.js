// The tools that read a schema: the rules of @graphql-eslint, the differences of @graphql-inspector, and what the live
// server says of itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test, { after } from 'node:test';
import { ESLint } from 'eslint';
import { base, bearer, endpoint, schemaFile, source } from '../lib/live.js';

const work = mkdtempSync(`${tmpdir()}/cobuild-schema-`);
after(() => rmSync(work, { recursive: true }));

const published = readFileSync(schemaFile, 'utf8');

// inspect compares two schemas as `graphql-inspector diff` does; its status is 1 where something breaks.
const inspect = (old, now, ...more) => {
  const { status, stdout, stderr } = spawnSync('graphql-inspector', ['diff', old, now, ...more], { cwd: work, encoding: 'utf8' });
  return { status, text: stdout + stderr };
};

test('the schema keeps the rules of @graphql-eslint', async () => {
  const eslint = new ESLint({ cwd: source, overrideConfigFile: `${source}/deploy/test/clients/eslint.config.js` });
  const [{ messages }] = await eslint.lintFiles([schemaFile]);
  const lines = published.split('\n');
  const spared = [
    ['', /\b_(Any|Entity|Service|entities|service)\b/], // named by the specification of federation, not by us
  ];
  const found = messages.filter((m) => !spared.some(([rule, line]) => m.ruleId?.endsWith(rule) && line.test(lines[m.line - 1])));
  assert.deepEqual(found.map((m) => `${m.ruleId} ${m.line}: ${m.message}`), []);
});

test('the address of the schema serves the file that is committed', async () => {
  const served = await (await fetch(`${base}/schema.graphqls`)).text();
  assert.equal(served.trim(), published.trim());
});

test('@graphql-inspector finds what the live server answers by introspection like the published schema', () => {
  const { status, text } = inspect(schemaFile, endpoint, '--right-header', `Authorization: ${bearer('secretary').authorization}`);
  assert.equal(status, 0, text);
});

test('@graphql-inspector reads the schema and finds what would break a client', () => {
  const older = published.replace('type CoBuildingContract implements Node {', '$& "How it smells." smell: String');
  writeFileSync(`${work}/older.graphql`, older);
  const { status, text } = inspect(`${work}/older.graphql`, schemaFile);
  assert.equal(status, 1);
  assert.match(text, /smell.*removed from object type .*CoBuildingContract/);
});
