// A program of a partner's whose types come from our schema: what it asks for is what it may read.
import { print } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { graphql } from '../generated/typed/gql.js';
import type { ContractStatus } from '../generated/typed/graphql.js';

const contracts = graphql(`
  query Contracts($first: Int!, $after: String, $filter: ContractFilter) {
    contracts(first: $first, after: $after, filter: $filter) {
      nodes {
        id
        title
        status
        endsOn
        terms
        commitments { quantity unit }
        parties { part organisation { __typename id name } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

const revise = graphql(`
  mutation Cancel($input: CancelContractInput!) {
    cancelContract(input: $input) {
      contract { id status }
      errors { __typename code message ... on ConflictError { currentVersion } }
    }
  }
`);

async function ask<Data, Variables>(url: string, token: string, query: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: print(query), variables }),
  });
  const { data, errors } = (await answer.json()) as { data: Data; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return data;
}

export type Line = { title: string; status: ContractStatus; lastDay: string; parties: string[]; amounts: string[] };

// all reads the caller's contracts in a state, page by page.
export async function all(url: string, token: string, status: ContractStatus): Promise<Line[]> {
  const lines: Line[] = [];
  let after: string | null = null;
  for (;;) {
    const { contracts: page }: Awaited<ReturnType<typeof next>> = await next(after);
    if (!page) return lines;
    for (const c of page.nodes) {
      const amounts = c.commitments.flatMap((k) => (k.quantity ? [`${k.quantity} ${k.unit ?? ''}`] : []));
      lines.push({ title: c.title, status: c.status, lastDay: c.endsOn, parties: c.parties.map((p) => p.organisation.name), amounts });
    }
    if (!page.pageInfo.hasNextPage) return lines;
    after = page.pageInfo.endCursor ?? null;
  }
  function next(cursor: string | null) {
    return ask(url, token, contracts, { first: 3, after: cursor, filter: { status: { eq: status } } });
  }
}

// cancel takes back a contract; where somebody was faster it says which version they left.
export async function cancel(url: string, token: string, id: string, expectedVersion: number): Promise<string> {
  const { cancelContract } = await ask(url, token, revise, { input: { id, expectedVersion } });
  const error = cancelContract?.errors[0];
  if (error?.__typename === 'ConflictError') return `now at version ${error.currentVersion}`;
  return error ? error.code : (cancelContract?.contract?.status ?? 'lost');
}
