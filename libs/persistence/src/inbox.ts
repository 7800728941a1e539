import type { OutboxEntry } from '@muster/contracts/subjects.js';
import { isTransient, type Database, type Queryable, type Transaction } from './database.js';

/**
 * Applies facts, in order, inside the transaction that also moves the position. Throwing parks the fact, if it is one; several are then
 * applied again one by one.
 */
export type FactHandler = (tx: Transaction, entries: readonly OutboxEntry[]) => Promise<void>;

/** How facts of a producer are applied. */
export interface FactHandling {
  /** undefined: nobody here wants to know facts of this subject. */
  handlerOf(subject: string): FactHandler | undefined;
  /** May consecutive facts of this subject be applied together? */
  together?(subject: string): boolean;
  /** Takes, in the transaction that applies facts, what is taken before any row of what they change. */
  first?(tx: Transaction, entries: readonly OutboxEntry[]): Promise<void>;
  parked(entry: OutboxEntry, error: unknown): void;
}

/** How far this service has applied a producer's facts. */
export async function inboxPosition(database: Queryable, producer: string): Promise<number> {
  const [row] = await database.query<{ position: number }>('select position from inbox where producer = $1', [
    producer,
  ]);
  return row?.position ?? 0;
}

/**
 * Applies consecutive facts exactly once: those at or before the position are duplicates, the first one beyond a gap
 * stops the batch. Returns the new position; the caller fetches what lies in a gap.
 *
 * A fact whose handler fails for a lasting reason is parked with its error and passed by; a transient failure
 * (a lost connection, a deadlock) rolls the whole batch back and is thrown.
 */
export async function applyFacts(
  database: Database,
  producer: string,
  entries: readonly OutboxEntry[],
  handling: FactHandling,
): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.query('insert into inbox (producer) values ($1) on conflict do nothing', [producer]);
    const [row] = await tx.query<{ position: number }>('select position from inbox where producer = $1 for update', [
      producer,
    ]);
    const start = row?.position ?? 0;
    const fresh = consecutive(entries, start);
    if (fresh.some(({ subject }) => handling.handlerOf(subject))) await handling.first?.(tx, fresh);
    for (const group of groups(fresh, handling)) await applyGroup(tx, producer, group, handling);
    const position = fresh.at(-1)?.position ?? start;
    if (position !== start) await tx.query('update inbox set position = $2 where producer = $1', [producer, position]);
    return position;
  });
}

/** What follows a position without a gap, each once. */
function consecutive(entries: readonly OutboxEntry[], start: number): OutboxEntry[] {
  const fresh: OutboxEntry[] = [];
  for (const entry of entries) {
    const next = start + fresh.length + 1;
    if (entry.position > next) break;
    if (entry.position === next) fresh.push(entry);
  }
  return fresh;
}

function groups(entries: readonly OutboxEntry[], { together }: FactHandling): OutboxEntry[][] {
  const all: OutboxEntry[][] = [];
  for (const entry of entries) {
    const last = all.at(-1);
    if (last?.[0]?.subject === entry.subject && together?.(entry.subject)) last.push(entry);
    else all.push([entry]);
  }
  return all;
}

async function applyGroup(
  tx: Transaction,
  producer: string,
  group: readonly OutboxEntry[],
  handling: FactHandling,
): Promise<void> {
  const [first] = group;
  const handler = first && handling.handlerOf(first.subject);
  if (!handler) return;
  await tx.query('savepoint fact');
  try {
    await handler(tx, group);
    await tx.query('release savepoint fact');
  } catch (error) {
    if (isTransient(error)) throw error;
    await tx.query('rollback to savepoint fact');
    if (group.length > 1) {
      for (const entry of group) await applyGroup(tx, producer, [entry], handling);
      return;
    }
    await park(tx, producer, first, error);
    tx.afterCommit(() => handling.parked(first, error));
  }
}

async function park(tx: Queryable, producer: string, entry: OutboxEntry, error: unknown): Promise<void> {
  await tx.query(
    `insert into inbox_parked (producer, position, id, subject, payload, error) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [producer, entry.position, entry.id, entry.subject, JSON.stringify(entry.payload), String(error)],
  );
}
