import type { OutboxEntry } from '@muster/contracts/subjects.js';
import { isTransient, type Database, type Queryable, type Transaction } from './database.js';

/** Applies one fact inside the transaction that also moves the position. Throwing parks the fact. */
export type FactHandler = (tx: Transaction, entry: OutboxEntry) => Promise<void>;

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
  handler: FactHandler,
  onParked: (entry: OutboxEntry, error: unknown) => void,
): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.query('insert into inbox (producer) values ($1) on conflict do nothing', [producer]);
    const [row] = await tx.query<{ position: number }>('select position from inbox where producer = $1 for update', [
      producer,
    ]);
    const start = row?.position ?? 0;
    let position = start;
    for (const entry of entries) {
      if (entry.position <= position) continue;
      if (entry.position !== position + 1) break;
      await tx.query('savepoint fact');
      try {
        await handler(tx, entry);
        await tx.query('release savepoint fact');
      } catch (error) {
        if (isTransient(error)) throw error;
        await tx.query('rollback to savepoint fact');
        await park(tx, producer, entry, error);
        tx.afterCommit(() => onParked(entry, error));
      }
      position = entry.position;
    }
    if (position !== start) await tx.query('update inbox set position = $2 where producer = $1', [producer, position]);
    return position;
  });
}

async function park(tx: Queryable, producer: string, entry: OutboxEntry, error: unknown): Promise<void> {
  await tx.query(
    `insert into inbox_parked (producer, position, id, subject, payload, error) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [producer, entry.position, entry.id, entry.subject, JSON.stringify(entry.payload), String(error)],
  );
}
