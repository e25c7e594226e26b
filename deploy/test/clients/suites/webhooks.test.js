// standardwebhooks, the reference library of the Standard Webhooks, verifies what the server sends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { ask, draft } from '../lib/live.js';

// receiver takes what is sent to it, as a program of the organisation's own would.
async function receiver(t) {
  const got = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    got.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  // until gives the first delivery that fits; a slow machine may take its time.
  const until = async (fits) => {
    for (let i = 0; i < 1200; i++) {
      const found = got.find(({ body }) => fits(JSON.parse(body)));
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`it did not come; what came: ${got.map(({ body }) => body)}`);
  };
  return { url: `http://127.0.0.1:${server.address().port}/cobuild`, until };
}

const done = async (who, mutation, input, fields) => {
  const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
  const data = await ask(who, `mutation($input: ${type}!) { it: ${mutation}(input: $input) { ${fields} errors { code path message } } }`, { input });
  assert.deepEqual(data.it.errors, []);
  return data.it;
};

test('the reference library verifies a real delivery, also while two secrets sign', async (t) => {
  const { url, until } = await receiver(t);
  const input = await draft('Webhook');
  const { serviceAccount } = await done(
    'secretary',
    'createServiceAccount',
    { clientMutationId: randomUUID(), organisation: input.party, name: 'webhooks', purpose: 'hears what happens', role: 'SECRETARY', scopes: ['CONTRACTS_READ'] },
    'serviceAccount { id version }',
  );
  const { secret, webhook } = await done(
    'secretary',
    'createWebhook',
    { clientMutationId: randomUUID(), serviceAccount: serviceAccount.id, name: 'suite', url, events: ['contract.drafted'], selection: '{ seq subject { ... on CoBuildingContract { id title } } }' },
    'secret webhook { id version }',
  );
  const { webhookDelivery } = await done('secretary', 'testWebhook', { id: webhook.id }, 'webhookDelivery { state attempts { status } }');
  assert.deepEqual(webhookDelivery, { state: 'DELIVERED', attempts: [{ status: 204 }] });
  const tested = await until(({ type }) => type === 'webhook.test');
  assert.equal(new Webhook(secret).verify(tested.body, tested.headers).data.webhook, webhook.id);

  const rotated = await done('secretary', 'rotateWebhookSecret', { id: webhook.id }, 'secret webhook { version }');
  const { contract } = await done('secretary', 'draftContract', input, 'contract { id version }');
  const sent = await until(({ type, data }) => type === 'contract.drafted' && data.subject?.id === contract.id);
  for (const one of [secret, rotated.secret]) {
    const { data } = new Webhook(one).verify(sent.body, sent.headers);
    assert.equal(data.subject.title, 'Webhook');
  }
  assert.throws(() => new Webhook(secret).verify(`${sent.body} `, sent.headers), WebhookVerificationError);

  await done('secretary', 'cancelContract', { id: contract.id, expectedVersion: contract.version }, 'contract { id }');
  await done('secretary', 'deleteWebhook', { id: webhook.id, expectedVersion: rotated.webhook.version }, 'webhook { state }');
  await done('secretary', 'endServiceAccount', { id: serviceAccount.id, expectedVersion: serviceAccount.version, reason: 'the suite is done' }, 'serviceAccount { status }');
});
