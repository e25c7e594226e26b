// @graphql-codegen writes TypeScript types from the published schema; the compiler is strict with them, and what it
// compiles runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import test, { before } from 'node:test';
import { generate } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';
import { ask, base, bearer, draft, endpoint, schemaFile, source } from '../lib/live.js';

const clients = `${source}/deploy/test/clients`;
let program;

const config = (schema, folder) => ({
  cwd: clients,
  schema,
  documents: [`${clients}/typed/contracts.ts`],
  generates: {
    [`${clients}/generated/${folder}/`]: {
      preset,
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        enumsAsTypes: true,
        scalars: { DateTime: 'string', Date: 'string', Decimal: 'string', Long: 'string', JSON: 'Record<string, unknown>', URL: 'string', ErrorCode: 'string', _Any: 'unknown' },
      },
    },
  },
  emitLegacyCommonJSImports: false,
  importExtension: '.js',
  silent: true,
});

before(async () => {
  for (const old of ['typed', 'typed-out']) rmSync(`${clients}/generated/${old}`, { recursive: true, force: true });
  await generate(config(schemaFile, 'typed'), true);
  try {
    execFileSync('tsc', ['-p', `${clients}/typed/tsconfig.json`], { encoding: 'utf8' });
  } catch (failed) {
    throw new Error(failed.stdout || failed.message);
  }
  program = await import(`${clients}/generated/typed-out/typed/contracts.js`);
});

const token = (who) => bearer(who).authorization.slice('Bearer '.length);

test('a program typed by our schema reads a list to its end', async () => {
  const { contracts } = await ask('secretary', '{ contracts(first: 100, filter: {status: {eq: ACTIVE}}) { nodes { title } } }');
  const lines = await program.all(endpoint, token('secretary'), 'ACTIVE');
  assert.deepEqual(lines.map((line) => line.title).sort(), contracts.nodes.map((node) => node.title).sort());
  assert.ok(lines.length > 0 && lines.every((line) => line.status === 'ACTIVE' && line.parties.length > 1));
});

test('a typed mutation tells a conflict from success', async () => {
  const { draftContract } = await ask(
    'secretary',
    'mutation($input: DraftContractInput!) { draftContract(input: $input) { contract { id version } } }',
    { input: await draft('Typed') },
  );
  const { id, version } = draftContract.contract;
  assert.equal(await program.cancel(endpoint, token('secretary'), id, version + 1), `now at version ${version}`);
  assert.equal(await program.cancel(endpoint, token('secretary'), id, version), 'CANCELLED');
});

test('the types are the same from the address where the schema is published', async () => {
  const files = await generate(config(`${base}/schema.graphqls`, 'typed'), false);
  const own = await generate(config(schemaFile, 'typed'), false);
  const types = (all) => all.find((file) => file.filename.endsWith('/graphql.ts')).content;
  assert.equal(types(files), types(own));
});
