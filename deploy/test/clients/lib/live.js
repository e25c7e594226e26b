// The live server that clients.sh has started, and who may speak to it.
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

const needed = (name) => process.env[name] ?? fail(`${name} is not set: run deploy/test/clients.sh`);
const fail = (why) => {
  throw new Error(why);
};

export const source = needed('COBUILD_SOURCE');
export const base = needed('COBUILD_URL');
export const endpoint = `${base}/graphql`;
export const socket = endpoint.replace(/^http/, 'ws');
export const schemaFile = `${source}/graph/testdata/schema.graphql`;

const tokens = JSON.parse(readFileSync(needed('COBUILD_TOKENS'), 'utf8'));

// bearer is the header of one of the demo's people: secretary, liaison, supervisor, auditor, administrator, outsider.
export const bearer = (who) => ({ authorization: `Bearer ${tokens[who] ?? fail(`the demo has no ${who}`)}` });

// ask sends an operation without any client, for what a test needs beside the client it is about.
export async function ask(who, query, variables = {}) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...(who ? bearer(who) : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) fail(JSON.stringify(errors));
  return data;
}

const day = (shift) => new Date(Date.now() + shift * 86_400_000).toISOString().slice(0, 10);

// draft is the input of a contract between the secretary's community and the liaison's unit.
export async function draft(title) {
  const own = async (who, role) => {
    const { viewer } = await ask(who, '{ viewer { roles { role organisation { id } } } }');
    return viewer.roles.find((r) => r.role === role).organisation.id;
  };
  const [host, partner] = await Promise.all([own('secretary', 'SECRETARY'), own('liaison', 'LIAISON')]);
  return {
    clientMutationId: randomUUID(),
    party: host,
    title,
    parties: [
      { organisation: host, part: 'HOST' },
      { organisation: partner, part: 'PARTNER' },
    ],
    effectiveOn: day(30),
    endsOn: day(395),
  };
}
