// Keeps a table of contracts and their states in step with Cobuild, through every restart of either:
//
//   node follow.ts --url http://127.0.0.1:8080 --token-file token.txt --state contracts.json
//
// It reads the events behind the last one that it has dealt with, up to the end, and then hears of each new one over a
// socket. How far it has come is kept in one file with what it has made of the events. Where the server is away it tries
// again, each time after a longer pause.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from 'graphql-ws';
import { type Event, Table } from './table.ts';

const { values: flags } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    'token-file': { type: 'string', default: 'token.txt' },
    state: { type: 'string', default: 'contracts.json' },
  },
});

interface Failure {
  message: string;
  extensions?: { code?: string };
}

interface Page {
  nodes: Event[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const fields = 'seq type subjectId subjectVersion data';
const filter = 'filter: {types: ["contract.*"]}';
const pages = `query ($after: String) { events(first: 100, after: $after, ${filter}) { nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`;
const hearing = `subscription ($after: Long) { eventsPublished(after: $after, ${filter}) { ${fields} } }`;

const firstPause = 100; // milliseconds
const longestPause = 30_000;
const silence = 60_000; // the server gives a sign of life every 20 seconds

/** What no further try will mend. */
class Final extends Error {}

// A place that the server has not reached is of another server, or of this one before it lost its data: to go on as if
// nothing had happened would be wrong.
function refuse(errors: readonly Failure[] | undefined): void {
  const first = errors?.[0];
  if (!first) return;
  const code = first.extensions?.code ?? '';
  const why = `${code}: ${first.message}`;
  throw code === 'SEQ_NOT_REACHED' || code.startsWith('GRAPHQL_') ? new Final(why) : new Error(why);
}

const token = () => readFileSync(flags['token-file'], 'utf8').trim(); // anew at every connection

async function read(after: bigint): Promise<Page> {
  const answer = await fetch(`${flags.url}/graphql`, {
    method: 'POST',
    signal: AbortSignal.timeout(silence),
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${token()}` },
    body: JSON.stringify({ query: pages, variables: { after: String(after) } }),
  });
  const { data, errors } = (await answer.json()) as { data?: { events: Page }; errors?: Failure[] };
  refuse(errors);
  if (!data) throw new Error(`the server answered ${answer.status}`);
  return data.events;
}

async function listen(after: bigint, take: (event: Event) => void): Promise<void> {
  let quiet: NodeJS.Timeout | undefined;
  const alive = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => client.terminate(), silence);
  };
  const client = createClient({
    url: `${flags.url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: () => ({ token: token() }),
    retryAttempts: 0, // it would begin from the old place: we begin anew from the last one
    on: { connected: alive, ping: alive, message: alive },
  });
  try {
    for await (const { data, errors } of client.iterate<{ eventsPublished: Event }>({ query: hearing, variables: { after: String(after) } })) {
      refuse(errors as readonly Failure[] | undefined);
      if (data) take(data.eventsPublished);
    }
    throw new Error('the server has ended the subscription');
  } catch (failed) {
    if (Array.isArray(failed)) refuse(failed as Failure[]); // an operation that was refused
    throw failed;
  } finally {
    clearTimeout(quiet);
    await client.dispose();
  }
}

function take(table: Table, events: readonly Event[], end: string | null): void {
  for (const event of events) {
    if (table.apply(event)) console.log(event.seq, event.type, event.subjectId, event.data?.status ?? '');
  }
  const moved = end !== null && BigInt(end) > table.seq; // further than the last event, where the rest concerned others
  if (moved) table.seq = BigInt(end);
  if (moved || events.length > 0) table.save();
}

const said = (failed: unknown) =>
  failed instanceof Error ? `${failed.message}${failed.cause instanceof Error ? ` (${failed.cause.message})` : ''}` : 'the connection broke';

const table = new Table(flags.state);
for (let pause = firstPause; ; ) {
  try {
    for (let more = true; more; ) {
      const page = await read(table.seq);
      pause = firstPause;
      take(table, page.nodes, page.pageInfo.endCursor);
      more = page.pageInfo.hasNextPage;
    }
    await listen(table.seq, (event) => {
      pause = firstPause;
      take(table, [event], null);
    });
  } catch (failed) {
    if (failed instanceof Final) {
      console.error(`follow: ${failed.message}`);
      process.exit(1);
    }
    const wait = 1 + Math.random() * pause; // so that many followers do not come back at the same moment
    console.log(`at ${table.seq}: ${said(failed)}; again in ${Math.round(wait)} ms`);
    pause = Math.min(2 * pause, longestPause);
    await sleep(wait);
  }
}
