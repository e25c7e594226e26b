// The subgraph of places.graphqls as a program, and the gateway that joins it with Cobuild's: both in this process.
import { readFileSync } from 'node:fs';
import { buildASTSchema, concatAST, execute, parse, print } from 'graphql';
import { composeServices } from '@theguild/federation-composition';
import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';

export const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');

// compose joins subgraphs: the supergraph's text, or the codes of what stands against it.
export function compose(...subgraphs) {
  const services = subgraphs.map(([name, text]) => ({ name, url: `http://${name}.invalid/`, typeDefs: parse(text) }));
  const { supergraphSdl, errors } = composeServices(services);
  return { supergraph: supergraphSdl, codes: (errors ?? []).map((e) => e.extensions?.code ?? e.message) };
}

const federation = parse(`
  scalar _Any
  union _Entity = Community
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
  directive @key(fields: String!, resolvable: Boolean) on OBJECT
  directive @interfaceObject on OBJECT
  directive @shareable on OBJECT
  directive @link(url: String!, import: [String!]) on SCHEMA
  schema { query: Query }
`);

function places() {
  const schema = buildASTSchema(concatAST([federation, parse(read('places.graphqls').replace(/^extend schema.*$/m, ''))]));
  const tile = ({ id }) => ({ __typename: 'Community', id, mapTile: `tile of ${id}` });
  const rootValue = {
    places: ({ communities, contract }) =>
      communities.map((id) => ({ name: `place in ${id}`, community: { id, mapTile: tile({ id }).mapTile }, lookedAfterBy: contract && { id: contract } })),
    _entities: ({ representations }) => representations.map(tile),
  };
  return ({ document, variables }) => execute({ schema, rootValue, document, variableValues: variables });
}

// gateway joins the two subgraphs and passes on who asks. What it sends to Cobuild is noted.
export function gateway(supergraph, { url, key }) {
  const sent = [];
  const cobuild = async ({ document, variables, context }) => {
    const headers = { 'content-type': 'application/json', 'cobuild-gateway': key };
    if (context?.token) headers.authorization = `Bearer ${context.token}`;
    const query = print(document);
    sent.push({ query, variables });
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return answer.json();
  };
  const own = places();
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl: supergraph,
    batch: true,
    onSubschemaConfig: (config) => { config.executor = /places/i.test(config.name) ? own : cobuild; },
  });
  const ask = (source, { token, variables } = {}) =>
    execute({ schema, document: parse(source), variableValues: variables, contextValue: { token } });
  return { ask, sent };
}
