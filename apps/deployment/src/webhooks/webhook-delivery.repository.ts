import type { EventType } from '@muster/contracts/kinds/event.js';
import type { DeliveryState } from '@muster/contracts/kinds/webhook.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { EventRow } from '../events/event.repository.js';

/** One event in the line of a webhook. */
export interface DeliveryRow {
  position: number;
  event_id: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  next_attempt_at: Date;
  last_status: number | null;
  last_error: string | null;
  updated_at: Date;
}

/** What is due, with its event; null when the event is not kept any more. */
export type DueDelivery = Pick<DeliveryRow, 'position' | 'attempts'> & { event: EventRow | null };

const AT_ONCE = 1_000;

/** Which events were delivered where. */
export class WebhookDeliveryRepository {
  /** The first that are due, in the order of events. */
  async due(database: Queryable, webhookUid: string, limit: number): Promise<DueDelivery[]> {
    const rows = await database.query<EventRow & { at: number; attempts: number }>(
      `select due.position as at, due.attempts, event.id, event.position, event.type, event.subject, event.data, event.occurred_at
       from webhook_delivery as due left join event on event.id = due.event_id
       where due.webhook_uid = $1 and due.state = 'pending' and due.next_attempt_at <= now()
       order by due.position limit $2`,
      [webhookUid, limit],
    );
    return rows.map(({ at, attempts, ...event }) => ({
      position: at,
      attempts,
      event: event.id === null ? null : event,
    }));
  }

  /** Keeps what an attempt came to. `retrySeconds` only of those that stay pending. */
  async settle(
    database: Queryable,
    webhookUid: string,
    position: number,
    outcome: {
      state: DeliveryState;
      status?: number | undefined;
      error?: string | undefined;
      retrySeconds?: number | undefined;
    },
  ): Promise<void> {
    await database.query(
      `update webhook_delivery set state = $3, attempts = attempts + 1, last_status = $4, last_error = $5,
         next_attempt_at = now() + make_interval(secs => $6), updated_at = now()
       where webhook_uid = $1 and position = $2`,
      [webhookUid, position, outcome.state, outcome.status ?? null, outcome.error ?? null, outcome.retrySeconds ?? 0],
    );
  }

  /** Newest first, before a position. */
  async page(
    database: Queryable,
    webhookUid: string,
    { before, state, limit }: { before: number | undefined; state: DeliveryState | undefined; limit: number },
  ): Promise<DeliveryRow[]> {
    return database.query<DeliveryRow>(
      `select position, event_id, type, state, attempts, next_attempt_at, last_status, last_error, updated_at
       from webhook_delivery
       where webhook_uid = $1 and ($2::bigint is null or position < $2) and ($3::text is null or state = $3)
       order by position desc limit $4`,
      [webhookUid, before ?? null, state ?? null, limit],
    );
  }

  /** Makes one event wait again. Returns how many did. */
  async again(tx: Transaction, webhookUid: string, which: { event: string } | 'dead'): Promise<number> {
    const rows = await tx.query(
      `update webhook_delivery set state = 'pending', attempts = 0, next_attempt_at = now(), updated_at = now()
       where webhook_uid = $1 and case when $2::uuid is null then state = 'dead' else event_id = $2 end returning 1`,
      [webhookUid, which === 'dead' ? null : which.event],
    );
    return rows.length;
  }

  /** Makes every event of these types since a time wait again, also those that it was not told of. Returns how many do. */
  async againSince(tx: Transaction, webhookUid: string, types: readonly EventType[], since: Date): Promise<number> {
    const rows = await tx.query(
      `insert into webhook_delivery (webhook_uid, position, event_id, type)
       select $1, event.position, event.id, event.type from event
       join webhook_line as line on line.webhook_uid = $1
       where event.occurred_at >= $3 and event.type = any ($2) and event.position <= line.position
       on conflict (webhook_uid, position) do update
         set state = 'pending', attempts = 0, next_attempt_at = now(), updated_at = now()
       returning 1`,
      [webhookUid, [...types], since],
    );
    return rows.length;
  }

  /** Forgets what was delivered or given up so long ago, some at a time. Returns whether there may be more. */
  async prune(database: Queryable, keepDays: number): Promise<boolean> {
    const gone = await database.query(
      `delete from webhook_delivery where (webhook_uid, position) in (
         select webhook_uid, position from webhook_delivery
         where state <> 'pending' and updated_at < now() - make_interval(days => $1) order by updated_at limit $2)
       returning 1`,
      [keepDays, AT_ONCE],
    );
    return gone.length === AT_ONCE;
  }
}
