// graphql-ws 6 and graphql-sse 2 hear what happens to contracts, as do Apollo Client over a socket and urql over a stream.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApolloClient, ApolloLink, InMemoryCache, Observable, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client as UrqlClient, gql as urqlGql, subscriptionExchange } from '@urql/core';
import { print } from 'graphql';
import { createClient as createSSE } from 'graphql-sse';
import { CloseCode, createClient as createWS } from 'graphql-ws';
import WebSocket from 'ws';
import { ask, bearer, draft, endpoint, socket } from '../lib/live.js';

const begin = 'mutation($input: DraftContractInput!) { draftContract(input: $input) { contract { id version } errors { code path message } } }';
const cancel = 'mutation($input: CancelContractInput!) { cancelContract(input: $input) { contract { id } errors { code path message } } }';
const changed = 'subscription($contract: ID, $after: Long) { contractChanged(contract: $contract, after: $after) { seq type contract { id title status } } }';

const begun = async (title) => (await ask('secretary', begin, { input: await draft(title) })).draftContract.contract;
const withdraw = async ({ id, version }) => {
  const { cancelContract } = await ask('secretary', cancel, { input: { id, expectedVersion: version } });
  assert.deepEqual(cancelContract.errors, []);
};

const ws = (who, more = {}) =>
  createWS({ url: socket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: who ? { Authorization: bearer(who).authorization } : {}, ...more });
const sse = (who, more = {}) => createSSE({ url: endpoint, retryAttempts: 0, headers: who ? bearer(who) : {}, ...more });

const once = async (client, query, variables) => {
  for await (const result of client.iterate({ query, variables })) return result;
};

// until gives the first change that fits; the subscription goes on.
async function until(results, fits) {
  for (;;) {
    const { value, done } = await results.next();
    if (done) assert.fail('the subscription ended');
    assert.equal(value.errors, undefined, JSON.stringify(value.errors));
    if (fits(value.data.contractChanged)) return value.data.contractChanged;
  }
}

// The whole journal of what has happened to one contract, from its beginning: a client that resumes loses nothing.
const story = (client, contract) => client.iterate({ query: changed, variables: { contract, after: '0' } });

for (const [name, open] of [['graphql-ws', ws], ['graphql-sse', sse]]) {
  test(`${name}: queries and mutations go the same way`, async () => {
    const client = open('secretary');
    const { data } = await once(client, '{ viewer { name } }');
    assert.ok(data.viewer.name);
    const drafted = await once(client, begin, { input: await draft(`${name}, a mutation`) });
    assert.deepEqual(drafted.data.draftContract.errors, []);
    await client.dispose();
  });

  test(`${name}: what happened is told from where the client was, and what happens then follows`, async () => {
    const contract = await begun(`${name}, told`);
    const client = open('secretary');
    const results = story(client, contract.id);
    const first = await until(results, (change) => change.contract.id === contract.id);
    assert.equal(first.contract.title, `${name}, told`);
    await withdraw(contract);
    const last = await until(results, (change) => change.contract.status === 'CANCELLED');
    assert.ok(BigInt(last.seq) > BigInt(first.seq));
    await client.dispose();
  });

  test(`${name}: nobody hears of a contract that they may not read`, async () => {
    const contract = await begun(`${name}, secret`);
    const client = open('outsider');
    const codes = [];
    try {
      for await (const { errors } of story(client, contract.id)) codes.push(...(errors ?? []).map((error) => error.extensions.code));
    } catch (failed) {
      codes.push(...[failed].flat().map((error) => error.extensions?.code ?? error.message));
    }
    assert.deepEqual(codes, ['NOT_FOUND']);
    await client.dispose();
  });
}

test('graphql-ws: a token that does not hold closes the socket as the protocol says', async () => {
  const client = ws(null, { connectionParams: { Authorization: 'Bearer nonsense' } });
  const closed = await once(client, '{ viewer { name } }').then(() => assert.fail('not refused'), (event) => event);
  assert.equal(closed.code, CloseCode.Forbidden);
});

test('graphql-ws: an operation that does not validate is refused, and the socket goes on', async () => {
  const client = ws('secretary', { lazy: true, lazyCloseTimeout: 1_000 });
  const errors = await once(client, '{ contracts(first: 1) { nodes { colour } } }').then(() => assert.fail('not refused'), (why) => why);
  assert.equal(errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  assert.ok((await once(client, '{ viewer { name } }')).data.viewer.name);
  await client.dispose();
});

test('graphql-sse: what is refused before it runs has its status', async () => {
  const client = sse(null, { headers: { authorization: 'Bearer nonsense' } });
  const failed = await once(client, '{ viewer { name } }').then(() => assert.fail('not refused'), (why) => why);
  assert.equal(failed.response?.status, 401);
});

const heard = gql`
  subscription Heard($contract: ID, $after: Long) {
    contractChanged(contract: $contract, after: $after) { seq contract { id title status } }
  }
`;

// streaming makes of graphql-sse a link, as its documentation does.
const streaming = (client) =>
  new ApolloLink((operation) => new Observable((sink) => client.subscribe({ ...operation, query: print(operation.query) }, sink)));

for (const [name, open, link] of [['a socket', ws, (client) => new GraphQLWsLink(client)], ['a stream', sse, streaming]]) {
  test(`Apollo Client hears over ${name}, and its cache follows`, async () => {
    const contract = await begun(`Apollo Client over ${name}`);
    const client = open('secretary');
    const apollo = new ApolloClient({ link: link(client), cache: new InMemoryCache() });
    const told = new Promise((resolve, reject) => {
      apollo.subscribe({ query: heard, variables: { contract: contract.id, after: '0' } }).subscribe({
        next: ({ data, error }) => {
          if (error) reject(error);
          else if (data.contractChanged.contract.status === 'CANCELLED') resolve(data.contractChanged);
        },
        error: reject,
      });
    });
    await withdraw(contract);
    await told;
    assert.equal(apollo.cache.extract()[`CoBuildingContract:${contract.id}`].status, 'CANCELLED');
    apollo.stop();
    await client.dispose();
  });
}

test('urql hears over a socket', async () => {
  const contract = await begun('urql over a socket');
  const wsClient = ws('secretary');
  const urql = new UrqlClient({
    url: endpoint,
    exchanges: [
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: wsClient.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      }),
    ],
  });
  const told = new Promise((resolve, reject) => {
    const { unsubscribe } = urql.subscription(urqlGql(changed), { contract: contract.id, after: '0' }).subscribe(({ data, error }) => {
      if (error) reject(error);
      else if (data.contractChanged.contract.status === 'CANCELLED') resolve(unsubscribe);
    });
  });
  await withdraw(contract);
  (await told)();
  await wsClient.dispose();
});
