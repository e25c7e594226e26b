// The explorer's own way of speaking to its server (deploy/explorer/src/server.js), as its page uses it in a browser.
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import test from 'node:test';
import { ask, base, bearer, draft, source } from '../lib/live.js';

// What a browser gives the page: a memory of the tab, and addresses that begin where the page is.
const kept = new Map();
const sessionStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
Object.defineProperty(globalThis, 'sessionStorage', { value: sessionStorage });
Object.defineProperty(globalThis, 'document', { value: { documentElement: { dataset: { price: 'Cobuild-Price-Only' } } } });
const network = globalThis.fetch;
globalThis.fetch = (at, more) => network(new URL(at, base), more);
registerHooks({ resolve: (name, from, next) => next(name, name === 'graphql-sse' ? { ...from, parentURL: import.meta.url } : from) });
const { examples, price, run, token } = await import(`${source}/deploy/explorer/src/server.js`);

// listen subscribes as the page does, and gives what comes first.
const listen = (params) =>
  new Promise((resolve, reject) => {
    const { unsubscribe } = run(params, true, 'en', () => {}).subscribe({
      next: (result) => {
        resolve(result);
        unsubscribe();
      },
      error: reject,
      complete: () => {},
    });
  });

const happens = 'subscription { contractChanged(after: "0") { seq type contract { id } } }';
const use = (who) => token.set(bearer(who).authorization.replace('Bearer ', ''));

test('a subscription works with the token that its reader uses', async () => {
  await ask('secretary', 'mutation($input: DraftContractInput!) { draftContract(input: $input) { contract { id } } }', { input: await draft('explorer') });
  use('secretary');
  const { data, errors } = await listen({ query: happens });
  assert.equal(errors, undefined);
  assert.match(data.contractChanged.type, /^contract\./);
  token.set('');
  const nobody = await listen({ query: happens });
  assert.equal(nobody.errors[0].extensions.code, 'UNAUTHENTICATED');
});

test('a program tries its own examples', async () => {
  use('service');
  const own = (await examples()).filter((e) => e.role === 'SERVICE');
  assert.ok(own.length >= 3);
  for (const { query, variables, title } of own) {
    const params = { query, variables };
    const { data, errors } = query.startsWith('subscription') ? await listen(params) : await run(params, false, 'en', () => {});
    assert.equal(errors, undefined, `${title.en}: ${JSON.stringify(errors)}`);
    assert.notEqual(Object.values(data)[0], null, title.en);
  }
  assert.ok((await price({ query: '{ contracts(first: 10) { nodes { id } } }' }, 'en')).requested > 0);
});
