// urql 5 (on @urql/core 6), with its plain cache and with Graphcache. It asks by GET where the address stays short, and
// says that it would read event streams too.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { createElement, Suspense } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { Writable } from 'node:stream';
import { Provider, useQuery } from 'urql';
import { ask, bearer, draft, endpoint } from '../lib/live.js';

const client = (who, exchanges = [fetchExchange], options = {}) =>
  new Client({ url: endpoint, exchanges, fetchOptions: () => ({ headers: who ? bearer(who) : {} }), ...options });

const communities = gql`
  query Communities($first: Int!, $after: String) {
    communities(first: $first, after: $after) {
      totalCount
      edges { cursor node { __typename id name } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

for (const preferGetMethod of [false, 'within-url-limit', 'force']) {
  test(`a query is answered with preferGetMethod ${preferGetMethod}`, async () => {
    const sent = [];
    const watch = (url, init) => {
      sent.push(init.method);
      return fetch(url, init);
    };
    const urql = client('secretary', undefined, { preferGetMethod, fetch: watch });
    const { data, error } = await urql.query(gql`{ viewer { id name } }`, {});
    assert.equal(error, undefined);
    assert.ok(data.viewer.name);
    assert.deepEqual(sent, [preferGetMethod ? 'GET' : 'POST']);
  });
}

test('Graphcache, told of our schema, joins pages and keeps every object once', async () => {
  const schema = await ask('secretary', `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types {
    kind name possibleTypes { kind name } fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`);
  const cache = cacheExchange({
    schema: { __schema: schema.__schema },
    resolvers: { Query: { communities: relayPagination() } },
    keys: { CoBuildingContractConnection: () => null },
  });
  const urql = client(null, [cache, fetchExchange]);
  let { data, error } = await urql.query(communities, { first: 40 });
  assert.equal(error, undefined);
  const total = data.communities.totalCount;
  while (data.communities.pageInfo.hasNextPage) {
    ({ data } = await urql.query(communities, { first: 40, after: data.communities.pageInfo.endCursor }));
  }
  assert.equal(new Set(data.communities.edges.map(({ node }) => node.id)).size, total);
});

test('a mutation reaches what Graphcache shows', async () => {
  const urql = client('secretary', [cacheExchange({}), fetchExchange]);
  const begun = await urql.mutation(
    gql`mutation($input: DraftContractInput!) { draftContract(input: $input) { contract { id version status } errors { code path message } } }`,
    { input: await draft('urql') },
  );
  assert.deepEqual(begun.data.draftContract.errors, []);
  const { id, version } = begun.data.draftContract.contract;
  const one = gql`query($id: ID!) { contract(id: $id) { id status version } }`;
  assert.equal((await urql.query(one, { id })).data.contract.status, 'DRAFT');
  const done = await urql.mutation(
    gql`mutation($input: CancelContractInput!) { cancelContract(input: $input) { contract { id version status } errors { code path message } } }`,
    { input: { id, expectedVersion: version } },
  );
  assert.deepEqual(done.data.cancelContract.errors, []);
  const cached = await urql.query(one, { id }, { requestPolicy: 'cache-only' });
  assert.equal(cached.data.contract.status, 'CANCELLED');
});

test('errors at the top come with their codes, whatever the status', async () => {
  const refused = async (urql, query, variables = {}) => (await urql.query(query, variables)).error.graphQLErrors[0].extensions.code;
  const contracts = gql`{ contracts(first: 1) { nodes { id } } }`;
  assert.equal(await refused(client(), contracts), 'UNAUTHENTICATED');
  assert.equal(await refused(client('secretary'), gql`{ contracts(first: 1) { nodes { colour } } }`), 'GRAPHQL_VALIDATION_FAILED');
  const stranger = client(null, undefined, { fetchOptions: { headers: { authorization: 'Bearer nonsense' } } });
  assert.equal(await refused(stranger, contracts), 'UNAUTHENTICATED');
});

test('a React component renders what useQuery finds', async () => {
  const Name = () => {
    const [{ data }] = useQuery({ query: gql`{ viewer { id name } }` });
    return createElement('p', null, data.viewer.name);
  };
  const urql = client('secretary', [fetchExchange], { suspense: true });
  const page = createElement(Provider, { value: urql }, createElement(Suspense, { fallback: 'waiting' }, createElement(Name)));
  const html = await new Promise((resolve, reject) => {
    let text = '';
    const out = new Writable({ write(chunk, _, done) { text += chunk; done(); }, final(done) { resolve(text); done(); } });
    const stream = renderToPipeableStream(page, { onAllReady: () => stream.pipe(out), onError: reject });
  });
  const { viewer } = await ask('secretary', '{ viewer { name } }');
  assert.equal(html.replaceAll(/<!--.*?-->/g, ''), `<p>${viewer.name}</p>`);
});
