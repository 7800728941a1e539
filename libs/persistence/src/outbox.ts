import type { EventDefinition, OutboxEntry } from '@muster/contracts/subjects.js';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Queryable, Transaction } from './database.js';

/**
 * Makes the payloads of facts whole when they are read, as JSON texts in the same order: of facts that leave out what another table of
 * the service keeps anyway. That must be there for as long as the facts are.
 */
export type Completion<Kept> = (database: Queryable, kept: readonly Kept[]) => Promise<string[]>;

/** Writes facts beside the state change that makes them true (invariant 1). */
export class Outbox {
  private wake: () => void = () => undefined;
  private busy: () => boolean = () => false;
  private readonly completions = new Map<string, Completion<unknown>>();

  constructor(
    private readonly site: string,
    private readonly currentTraceparent: () => string | undefined = () => undefined,
  ) {}

  /** The relay asks to be woken after a commit that wrote facts. */
  onCommitted(wake: () => void): void {
    this.wake = wake;
  }

  /** The relay may rest a little for as long as this is true: whoever writes facts has others waiting for it (ADR 50). */
  mayWaitWhile(isBusy: () => boolean): void {
    this.busy = isBusy;
  }

  isBusy(): boolean {
    return this.busy();
  }

  /** Facts of this kind are written by `addMany` as `Kept`, and made whole whenever they are read. */
  complete<Kept>(event: EventDefinition<unknown>, completion: Completion<Kept>): void {
    this.completions.set(event.subject({ site: this.site }), completion as Completion<unknown>);
  }

  /** Facts after a position, in order and whole, and the position of the newest. */
  async read(database: Queryable, after: number, limit: number): Promise<{ head: number; facts: OutgoingFact[] }> {
    const { head, facts } = await readOutgoing(database, after, limit);
    for (const [subject, completion] of this.completions) {
      const incomplete = facts.filter((fact) => fact.subject === subject);
      if (incomplete.length === 0) continue;
      const whole = await completion(
        database,
        incomplete.map(({ payload }) => JSON.parse(payload) as unknown),
      );
      incomplete.forEach((fact, index) => (fact.payload = whole[index] ?? fact.payload));
    }
    return { head, facts };
  }

  /** Records a fact in the transaction that makes it true. Nothing is sent before the commit. */
  async add<Payload>(tx: Transaction, event: EventDefinition<Payload>, payload: Payload): Promise<void> {
    await tx.prepared('add a fact', 'insert into outbox (id, subject, payload, traceparent) values ($1, $2, $3, $4)', [
      uuidv7(),
      event.subject({ site: this.site }),
      JSON.stringify(payload),
      this.currentTraceparent() ?? null,
    ]);
    tx.afterCommit(() => this.wake());
  }

  /**
   * Many facts of one kind in one statement; they get their positions in this order.
   *
   * @param traceparents of each, where they are of different requests
   */
  async addMany<Payload>(
    tx: Transaction,
    event: Pick<EventDefinition<Payload>, 'subject'>,
    payloads: readonly Payload[],
    traceparents?: readonly (string | undefined)[],
  ): Promise<void> {
    if (payloads.length === 0) return;
    const usual = this.currentTraceparent() ?? null;
    await tx.prepared(
      'add facts',
      `insert into outbox (id, subject, payload, traceparent)
       select (fact.value ->> 'id')::uuid, $2, fact.value -> 'payload', fact.value ->> 'traceparent'
       from jsonb_array_elements($1::jsonb) with ordinality as fact (value, number) order by number`,
      [
        JSON.stringify(
          payloads.map((payload, index) => ({
            id: uuidv7(),
            payload,
            traceparent: traceparents ? (traceparents[index] ?? null) : usual,
          })),
        ),
        event.subject({ site: this.site }),
      ],
    );
    tx.afterCommit(() => this.wake());
  }
}

/** Given in one transaction. */
export const MOST_POSITIONS = 1000;

/** Gives every committed fact that has none the next position. Returns how many got one. Replicas take turns by the row lock. */
export async function assignPositions(database: Database, limit = MOST_POSITIONS): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.query('select position from outbox_head for update');
    const [row] = await tx.query<{ count: number }>(
      `with pending as (
         select id, row_number() over (order by sequence) as nth
         from (select id, sequence from outbox where position is null order by sequence limit $1) as oldest
       ), placed as (
         update outbox set position = (select position from outbox_head) + pending.nth
         from pending where outbox.id = pending.id returning 1
       ), moved as (
         update outbox_head set position = position + (select count(*) from placed)
         where exists (select 1 from pending) returning 1
       )
       select count(*) as count from placed`,
      [limit],
    );
    return row?.count ?? 0;
  });
}

/** A fact on its way out: its payload is JSON text that nobody reads in between. */
export interface OutgoingFact extends Omit<OutboxEntry, 'payload'> {
  payload: string;
}

async function readOutgoing(
  database: Queryable,
  after: number,
  limit: number,
): Promise<{ head: number; facts: OutgoingFact[] }> {
  const [head] = await database.query<{ position: number }>('select position from outbox_head');
  const facts = await database.query<OutgoingFact>(
    `select position, id, subject, payload::text as payload, traceparent, ${OCCURRED_AT}
     from outbox where position > $1 order by position limit $2`,
    [after, limit],
  );
  return { head: head?.position ?? 0, facts };
}

const OCCURRED_AT = `to_char(occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "occurredAt"`;

/**
 * Facts after a position, in order, and the position of the newest. Payloads are as they are kept: those of facts that `Outbox.complete`
 * is told of are not whole.
 */
export async function readOutbox(
  database: Queryable,
  after: number,
  limit: number,
): Promise<{ head: number; entries: OutboxEntry[] }> {
  const [head] = await database.query<{ position: number }>('select position from outbox_head');
  const entries = await database.query<OutboxEntry>(
    `select position, id, subject, payload, traceparent, ${OCCURRED_AT}
     from outbox where position > $1 order by position limit $2`,
    [after, limit],
  );
  return { head: head?.position ?? 0, entries };
}

/** False when facts behind this position were pruned: who stands there cannot read on without a gap. */
export async function canReadOnFrom(database: Queryable, position: number): Promise<boolean> {
  const [row] = await database.query<{ readable: boolean }>(
    `select $1 <= position and (
       $1 = position or exists (select 1 from outbox where position = $1 + 1)
     ) as readable from outbox_head`,
    [position],
  );
  return row?.readable ?? false;
}

/** The highest position that was handed to the bus. */
export async function publishedPosition(database: Queryable): Promise<number> {
  const [row] = await database.query<{ published: number }>('select published from outbox_head');
  return row?.published ?? 0;
}

export async function markPublished(database: Queryable, position: number): Promise<void> {
  await database.query('update outbox_head set published = greatest(published, $1)', [position]);
}

/** A consumer says how far it has applied; rows that all consumers have may be pruned. */
export async function confirmConsumer(database: Queryable, consumer: string, position: number): Promise<void> {
  await database.query(
    `insert into outbox_consumer (consumer, position) values ($1, $2)
     on conflict (consumer) do update set position = greatest(outbox_consumer.position, excluded.position), seen_at = now()`,
    [consumer, position],
  );
}

/** True when every known consumer has applied all facts up to this position, as it said last. */
export async function areApplied(database: Queryable, position: number): Promise<boolean> {
  const behind = await database.query('select 1 from outbox_consumer where position < $1 limit 1', [position]);
  return behind.length === 0;
}

/**
 * Deletes facts older than `keepHours` that every known consumer has applied. A consumer that is away holds
 * them back: what it has not read is never lost.
 */
export async function pruneOutbox(database: Queryable, keepHours: number): Promise<void> {
  await database.query(
    `delete from outbox where occurred_at < now() - make_interval(hours => $1)
       and position <= coalesce((select min(position) from outbox_consumer), 0)`,
    [keepHours],
  );
}
