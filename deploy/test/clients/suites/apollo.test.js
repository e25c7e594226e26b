// Apollo Client 4, as a partner's frontend sets it up: a normalised cache by our global ids, Relay's pages, our errors.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { before } from 'node:test';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { ask, bearer, draft, endpoint } from '../lib/live.js';

let possibleTypes;

const client = (who, headers = {}) =>
  new ApolloClient({
    link: new HttpLink({ uri: endpoint, headers: { ...(who ? bearer(who) : {}), ...headers } }),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: { Query: { fields: { communities: relayStylePagination(['filter', 'orderBy']) } } },
    }),
  });

const page = gql`
  query Page($first: Int!, $after: String) {
    contracts(first: $first, after: $after) {
      totalCount
      edges { cursor node { id title status version host { id name } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

const cancel = gql`
  mutation Cancel($input: CancelContractInput!) {
    cancelContract(input: $input) {
      contract { id status version }
      errors { __typename code path message ... on ConflictError { currentVersion } }
      replayed
      clientMutationId
    }
  }
`;

const begin = gql`
  mutation Begin($input: DraftContractInput!) {
    draftContract(input: $input) {
      contract { id title status version host { id name } }
      errors { code path message }
      replayed
    }
  }
`;

// The abstract types of the schema, as Apollo's documentation has them fetched by introspection.
before(async () => {
  const { __schema } = await ask('secretary', '{ __schema { types { kind name possibleTypes { name } } } }');
  const abstract = __schema.types.filter((type) => type.kind === 'INTERFACE' || type.kind === 'UNION');
  possibleTypes = Object.fromEntries(abstract.map((type) => [type.name, type.possibleTypes.map((t) => t.name)]));
  assert.ok(possibleTypes.UserError.includes('ConflictError') && possibleTypes.Organisation.includes('ResidentUnit'));
});

test('the cache keeps every object once, under its global id', async () => {
  const apollo = client('secretary');
  const { data } = await apollo.query({ query: page, variables: { first: 5 } });
  const kept = apollo.cache.extract();
  for (const { node } of data.contracts.edges) {
    assert.equal(kept[`CoBuildingContract:${node.id}`].title, node.title);
  }
  const hosts = new Set(data.contracts.edges.map(({ node }) => `${node.host.__typename}:${node.host.id}`));
  assert.deepEqual(Object.keys(kept).filter((key) => key.includes('Community:')), [...hosts]);
});

test('relayStylePagination walks a whole list without a gap or a repeat', async () => {
  const apollo = client();
  const query = gql`
    query Communities($first: Int!, $after: String) {
      communities(first: $first, after: $after) {
        totalCount
        edges { cursor node { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  `;
  const variables = { first: 40 };
  const watched = apollo.watchQuery({ query, variables });
  const seen = watched.subscribe(() => {});
  let { pageInfo, totalCount } = (await watched.refetch()).data.communities;
  while (pageInfo.hasNextPage) {
    ({ pageInfo } = (await watched.fetchMore({ variables: { after: pageInfo.endCursor } })).data.communities);
  }
  seen.unsubscribe();
  const { communities } = apollo.readQuery({ query, variables });
  const ids = communities.edges.map(({ node }) => node.id);
  assert.ok(totalCount > 80);
  assert.equal(ids.length, totalCount);
  assert.equal(new Set(ids).size, totalCount);
});

test('what a mutation answers reaches every query that shows the object', async () => {
  const apollo = client('secretary');
  const input = await draft('Apollo Client');
  const begun = (await apollo.mutate({ mutation: begin, variables: { input } })).data.draftContract;
  assert.deepEqual(begun.errors, []);
  const { id, version } = begun.contract;
  const one = gql`query One($id: ID!) { node(id: $id) { id ... on CoBuildingContract { status version } } }`;
  await apollo.query({ query: one, variables: { id } });
  const { data } = await apollo.mutate({ mutation: cancel, variables: { input: { id, expectedVersion: version } } });
  assert.deepEqual(data.cancelContract.errors, []);
  assert.equal(apollo.readQuery({ query: one, variables: { id } }).node.status, 'CANCELLED');
});

test('a mutation sent again is done once', async () => {
  const apollo = client('secretary');
  const input = await draft('Apollo Client, twice');
  const once = (await apollo.mutate({ mutation: begin, variables: { input } })).data.draftContract;
  const again = (await apollo.mutate({ mutation: begin, variables: { input } })).data.draftContract;
  assert.equal(once.replayed, false);
  assert.equal(again.replayed, true);
  assert.equal(again.contract.id, once.contract.id);
});

test('what the caller can mend is data, and fragments on the kinds of errors match', async () => {
  const apollo = client('secretary');
  const { contract } = (await apollo.mutate({ mutation: begin, variables: { input: await draft('Apollo Client, stale') } })).data.draftContract;
  const stale = { id: contract.id, expectedVersion: contract.version + 7 };
  const { data } = await apollo.mutate({ mutation: cancel, variables: { input: stale } });
  assert.equal(data.cancelContract.contract, null);
  const [error] = data.cancelContract.errors;
  assert.equal(error.__typename, 'ConflictError');
  assert.equal(error.code, 'CONFLICT');
  assert.equal(error.currentVersion, contract.version);
});

const refused = async (apollo, query, variables) => {
  const error = await apollo.query({ query, variables }).then(() => assert.fail('not refused'), (e) => e);
  assert.ok(CombinedGraphQLErrors.is(error), `${error.name}: ${error.message}`);
  return error.errors[0];
};

test('an error at the top has its code, request id and whether to try again', async () => {
  const { extensions } = await refused(client(), page, { first: 1 });
  assert.equal(extensions.code, 'UNAUTHENTICATED');
  assert.equal(extensions.retryable, false);
  assert.match(extensions.requestId, /^[0-9a-f]{24}$/);
});

test('a query that does not validate is told as GraphQL, whatever its status', async () => {
  const { extensions } = await refused(client('secretary'), gql`{ contracts(first: 1) { nodes { colour } } }`);
  assert.equal(extensions.code, 'GRAPHQL_VALIDATION_FAILED');
});

test('a token that does not hold is told as GraphQL too', async () => {
  const { extensions } = await refused(client(null, { authorization: 'Bearer nonsense' }), page, { first: 1 });
  assert.equal(extensions.code, 'UNAUTHENTICATED');
});

test('a page that is too large says what may be asked for, in the language asked for', async () => {
  const english = await refused(client('secretary'), page, { first: 101 });
  const chinese = await refused(client('secretary', { 'accept-language': 'zh-CN' }), page, { first: 101 });
  assert.equal(english.extensions.code, chinese.extensions.code);
  assert.match(english.message, /100/);
  assert.match(chinese.message, /[一-龥].*100|100.*[一-龥]/);
});

test('a query is registered by its hash, and then asked for by GET with the hash alone', async () => {
  const sent = [];
  const watch = (uri, init) => {
    sent.push(`${init.method} ${/"query":|[?&]query=/.test(init.body ?? uri) ? 'text' : 'hash'}`);
    return fetch(uri, init);
  };
  const apollo = new ApolloClient({
    link: new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex'), useGETForHashedQueries: true }).concat(
      new HttpLink({ uri: endpoint, headers: bearer('secretary'), fetch: watch }),
    ),
    cache: new InMemoryCache(),
  });
  const query = gql`query Registered { viewer { id name } }`;
  for (let time = 0; time < 2; time++) {
    const { data } = await apollo.query({ query, fetchPolicy: 'network-only' });
    assert.ok(data.viewer.name);
  }
  assert.deepEqual(sent, ['GET hash', 'POST text', 'GET hash']);
});
