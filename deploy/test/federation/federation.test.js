import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { compose, gateway, read } from './places.js';

const url = process.env.COBUILD_URL;
const key = process.env.COBUILD_GATEWAY_KEY;
const password = process.env.COBUILD_PASSWORD;

let subgraph, token, community, subDistrict;

async function post(query, variables, headers = {}) {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

async function register(mutation, input, what) {
  const kind = mutation[0].toUpperCase() + mutation.slice(1) + 'Input';
  const { data, errors } = await post(`mutation($in: ${kind}!) { it: ${mutation}(input: $in) { ${what} { id } errors { code message } } }`,
    { in: input }, { authorization: `Bearer ${token}` });
  assert.deepEqual([errors, data?.it?.errors], [undefined, []]);
  return data.it[what].id;
}

before(async () => {
  subgraph = (await post('{ _service { sdl } }')).data._service.sdl;
  const signedIn = await post('mutation($p: String!) { signIn(input: {login: "ops", password: $p}) { token errors { code } } }', { p: password });
  token = signedIn.data.signIn.token;
  const district = await register('registerDistrict', { name: '惠山区' }, 'district');
  subDistrict = await register('registerSubDistrict', { district, kind: 'STREET', name: '堰桥街道' }, 'subDistrict');
  community = await register('registerCommunity', { type: 'COMMERCIAL', name: '长安社区', subDistrict }, 'community');
});

test('the subgraph composes alone', () => {
  const { supergraph, codes } = compose(['cobuild', subgraph]);
  assert.deepEqual(codes, []);
  assert.doesNotMatch(supergraph, /_entities|_service|_Any/);
});

test('the subgraph composes with another that extends communities of every type', () => {
  const { supergraph, codes } = compose(['cobuild', subgraph], ['places', read('places.graphqls')]);
  assert.deepEqual(codes, []);
  for (const type of ['RuralCommunity', 'OldEstateCommunity', 'CommercialCommunity', 'ResettlementCommunity']) {
    const [text] = supergraph.match(new RegExp(`\\ntype ${type} [^}]*`));
    assert.match(text, /mapTile: String!/, type);
  }
});

test('a subgraph that contradicts this one does not compose', () => {
  const places = read('places.graphqls');
  for (const [why, text, code] of [
    ['a field that is ours', places.replace('mapTile: String!', 'mapTile: String!\n  name: String!'), 'INVALID_FIELD_SHARING'],
    ['a key that is none of ours', places.replace('@key(fields: "id") @interfaceObject', '@key(fields: "mapTile") @interfaceObject'), 'SATISFIABILITY_ERROR'],
    ['another sort of type', places.replace('type Place {', 'type OrganisationKind { id: ID }\ntype Place {'), 'TYPE_KIND_MISMATCH'],
    ['another type of a field', places.replace('endCursor: String', 'endCursor: Int'), 'FIELD_TYPE_MISMATCH'],
  ]) {
    const { supergraph, codes } = compose(['cobuild', subgraph], ['places', text]);
    assert.ok(codes.includes(code), `${why}: ${codes}`);
    assert.equal(supergraph, undefined, why);
  }
});

function joined(with_ = key) {
  return gateway(compose(['cobuild', subgraph], ['places', read('places.graphqls')]).supergraph, { url, key: with_ });
}

test('a gateway answers a community from both subgraphs', async () => {
  const { data, errors } = await joined().ask('{ communities(first: 1) { nodes { __typename id name mapTile } } }');
  assert.equal(errors, undefined);
  assert.deepEqual({ ...data.communities.nodes[0] },
    { __typename: 'CommercialCommunity', id: community, name: '长安社区', mapTile: `tile of ${community}` });
});

test('a gateway asks us for everything that another subgraph names at once', async () => {
  const { ask, sent } = joined();
  const { data, errors } = await ask('query($c: [ID!]!) { places(communities: $c) { name community { name mapTile } } }',
    { variables: { c: [community, community, 'com1_00000000000000000000000000'] } });
  assert.ok((errors ?? []).every(({ path }) => path[1] === 2), 'only the one that does not exist is missed');
  assert.deepEqual(data.places.map((p) => p.community?.name), ['长安社区', '长安社区', undefined]);
  assert.equal(sent.filter(({ query }) => query.includes('_entities')).length, 1);
});

test('a contract that the caller may not know of stays hidden behind a gateway', async () => {
  const ask = 'query($c: [ID!]!, $k: ID) { places(communities: $c, contract: $k) { lookedAfterBy { title } } }';
  const variables = { c: [community], k: 'ctr1_00000000000000000000000000' };
  for (const who of [undefined, token]) {
    const { data } = await joined().ask(ask, { token: who, variables });
    assert.equal(data.places[0].lookedAfterBy?.title, undefined);
  }
});

test('without its key a gateway gets nothing', async () => {
  const { data, errors } = await joined('another-key-0123456789abcdefghijkl').ask('{ communities(first: 1) { nodes { name } } }');
  assert.equal(data.communities ?? null, null);
  assert.equal(errors[0].extensions.code, 'GATEWAY_KEY_INVALID');
  const direct = await post('{ _entities(representations: [{__typename: "Community", id: "x"}]) { __typename } }');
  assert.equal(direct.errors[0].extensions.code, 'GATEWAY_ONLY');
});
