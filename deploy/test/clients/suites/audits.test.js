// The audits of GraphQL over HTTP that the specification's working group maintains: every one passes, in each strength.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { endpoint } from '../lib/live.js';

const audits = serverAudits({ url: endpoint });

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    assert.equal(result.status, 'ok', result.reason);
  });
}

test('there are 61 audits, and 61 of 61 pass', async (t) => {
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  const passed = results.filter((result) => result.status === 'ok');
  t.diagnostic(`audits of GraphQL over HTTP: ${passed.length} of ${results.length}`);
  assert.equal(results.length, 61);
  assert.equal(passed.length, 61);
});
