import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';

/** An event as it is kept. */
export interface EventRow {
  id: string;
  position: number;
  type: EventType;
  subject: string;
  data: EventData;
  occurred_at: Date;
}

/** Which events: of these types, of a device, of a deployment. */
export interface EventFilter {
  readonly types: readonly EventType[];
  readonly device?: string | undefined;
  readonly deployment?: string | undefined;
}

const COLUMNS = 'id, position, type, subject, data, occurred_at';
const AT_ONCE = 1_000;

/** Events of the site in the order in which they were committed. */
export class EventRepository {
  async insert(
    tx: Transaction,
    events: readonly { id: string; type: EventType; subject: string; data: EventData }[],
  ): Promise<void> {
    await tx.prepared(
      'add events',
      `insert into event (id, type, subject, data)
       select (value ->> 'id')::uuid, value ->> 'type', value ->> 'subject', value -> 'data'
       from jsonb_array_elements($1::jsonb) with ordinality as event (value, number) order by number`,
      [JSON.stringify(events)],
    );
  }

  /** Gives committed events that have none the next positions. Returns how many got one. Replicas take turns by the row lock. */
  async assignPositions(database: Database): Promise<number> {
    return database.transaction(async (tx) => {
      await tx.query('select position from event_head for update');
      const [row] = await tx.query<{ count: number }>(
        `with pending as (
           select id, row_number() over (order by sequence) as nth
           from (select id, sequence from event where position is null order by sequence limit $1) as oldest
         ), placed as (
           update event set position = (select position from event_head) + pending.nth
           from pending where event.id = pending.id returning 1
         ), moved as (
           update event_head set position = position + (select count(*) from placed)
           where exists (select 1 from pending) returning 1
         )
         select count(*) as count from placed`,
        [AT_ONCE],
      );
      return row?.count ?? 0;
    });
  }

  /** The position of the newest event. */
  async head(database: Queryable): Promise<number> {
    const [row] = await database.query<{ position: number }>('select position from event_head');
    return row?.position ?? 0;
  }

  /** The position behind which everything since a time is; without a time behind everything. */
  async positionBefore(database: Queryable, since: Date | undefined): Promise<number> {
    const [row] = await database.query<{ position: number }>(
      `select coalesce((select min(position) - 1 from event where occurred_at >= $1), event_head.position) as position
       from event_head`,
      [since ?? null],
    );
    return row?.position ?? 0;
  }

  /** False when events behind this position were forgotten: who stands there cannot read on without a gap. */
  async canReadOnFrom(database: Queryable, position: number): Promise<boolean> {
    const [row] = await database.query<{ readable: boolean }>(
      `select $1 <= position and ($1 = position or exists (select 1 from event where position = $1 + 1)) as readable
       from event_head`,
      [position],
    );
    return row?.readable ?? false;
  }

  /** What follows a position, or a time, in order. */
  async after(
    database: Queryable,
    filter: EventFilter,
    from: { position: number; since?: Date | undefined },
    limit: number,
  ): Promise<EventRow[]> {
    return database.query<EventRow>(
      `select ${COLUMNS} from event
       where position > $1 and type = any ($2) and ($3::text is null or data ->> 'device' = $3)
         and ($4::text is null or data ->> 'deployment' = $4) and ($5::timestamptz is null or occurred_at >= $5)
       order by position limit $6`,
      [from.position, [...filter.types], filter.device ?? null, filter.deployment ?? null, from.since ?? null, limit],
    );
  }

  /** Forgets events older than `keepDays` that every webhook has been told of, some at a time. Returns whether there may be more. */
  async prune(database: Queryable, keepDays: number): Promise<boolean> {
    const gone = await database.query(
      `delete from event where id in (
         select id from event where position is not null and occurred_at < now() - make_interval(days => $1)
           and position <= coalesce((select min(position) from webhook_line), position)
           and not exists (
             select 1 from webhook_delivery as open where open.position = event.position and open.state <> 'delivered')
         order by occurred_at limit $2) returning 1`,
      [keepDays, AT_ONCE],
    );
    return gone.length === AT_ONCE;
  }
}
