// What the follower makes of the events, and how far it has come. Both are one file, so they never disagree.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

/** An event, as it is asked for. */
export interface Event {
  seq: string; // it may be larger than what a number holds exactly
  type: string;
  subjectId: string;
  subjectVersion: number;
  data: { status?: string } | null;
}

/** A row of the table. */
export interface Contract {
  status: string;
  version: number;
}

export class Table {
  seq = 0n;
  readonly contracts = new Map<string, Contract>();
  readonly #path: string;

  /** Reads the table, or begins one. */
  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { seq: string; contracts: Record<string, Contract> };
    this.seq = BigInt(kept.seq);
    for (const [id, row] of Object.entries(kept.contracts)) this.contracts.set(id, row);
  }

  /** Brings an event into the table; false where it was there already. An event that comes again alters nothing. */
  apply(event: Event): boolean {
    if (BigInt(event.seq) <= this.seq) return false;
    this.seq = BigInt(event.seq);
    const status = event.data?.status ?? this.contracts.get(event.subjectId)?.status ?? '';
    this.contracts.set(event.subjectId, { status, version: event.subjectVersion });
    return true;
  }

  /** Replaces the file: whoever is killed meanwhile finds the old table or the new one, never a half. */
  save(): void {
    const beside = `${this.#path}.${process.pid}`;
    const file = openSync(beside, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ seq: String(this.seq), contracts: Object.fromEntries(this.contracts) }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, this.#path);
  }
}
