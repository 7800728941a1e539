import type { EventType } from '@muster/contracts/kinds/event.js';
import type { WebhookSpec } from '@muster/contracts/kinds/webhook.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';

/** A webhook whose events somebody must sort into its line. */
export interface LineBehind {
  uid: string;
  spec: WebhookSpec;
  position: number;
  disabled: boolean;
}

/** A line that this worker serves now. */
export interface ClaimedLine {
  uid: string;
  name: string;
  spec: WebhookSpec;
  lease: string;
  failures: number;
  failingSince: Date | null;
}

/** How a line looks to people. */
export interface LineState {
  uid: string;
  enabled: boolean;
  pending: number;
  dead: number;
  failing_since: Date | null;
  disabled_at: Date | null;
  last_delivered_at: Date | null;
  last_error: string | null;
}

const AT_ONCE = 2_000;

/** Who waits for what, and who delivers it: one line for each webhook. */
export class WebhookLineRepository {
  /** Begins the line of a new webhook behind everything there is. */
  async begin(tx: Transaction, webhookUid: string): Promise<void> {
    await tx.query(
      'insert into webhook_line (webhook_uid, position) select $1, position from event_head on conflict do nothing',
      [webhookUid],
    );
  }

  /** Lines that are behind the newest event, held until the transaction ends. Those that another replica holds are left to it. */
  async behind(tx: Transaction): Promise<LineBehind[]> {
    return tx.query<LineBehind>(
      `select webhook.uid, webhook.spec, line.position, line.disabled_at is not null as disabled
       from webhook_line as line join webhook on webhook.uid = line.webhook_uid
       where line.position < (select position from event_head)
       order by line.position limit 100 for update of line skip locked`,
    );
  }

  /** Puts the next events of these types into a line; none means that it only moves on. Returns where it stands then, and where all end. */
  async advance(
    tx: Transaction,
    { uid, position }: Pick<LineBehind, 'uid' | 'position'>,
    types: readonly EventType[],
  ): Promise<{ position: number; head: number }> {
    const [row] = await tx.query<{ position: number; head: number }>(
      `with reach as (
         select least(position, $2::bigint + $4) as upto, position as head from event_head
       ), queued as (
         insert into webhook_delivery (webhook_uid, position, event_id, type)
         select $1, event.position, event.id, event.type from event, reach
         where event.position > $2 and event.position <= reach.upto and event.type = any ($3)
         on conflict do nothing
       )
       update webhook_line set position = reach.upto from reach where webhook_uid = $1
       returning webhook_line.position, reach.head`,
      [uid, position, [...types], AT_ONCE],
    );
    return row ?? { position, head: position };
  }

  /**
   * Takes a line in which something is due and that nobody serves, the one first that was not served for longest. A lease that ends
   * without a word makes it anybody's.
   */
  async claim(database: Database, lease: string, leaseSeconds: number): Promise<ClaimedLine | undefined> {
    const [row] = await database.query<ClaimedLine>(
      `update webhook_line as line set lease = $1, leased_until = now() + make_interval(secs => $2), served_at = now()
       from webhook
       where webhook.uid = line.webhook_uid and line.webhook_uid = (
         select candidate.webhook_uid from webhook_line as candidate
         join webhook as owner on owner.uid = candidate.webhook_uid
         where candidate.disabled_at is null and coalesce((owner.spec ->> 'enabled')::boolean, true)
           and (candidate.paused_until is null or candidate.paused_until <= now())
           and (candidate.leased_until is null or candidate.leased_until < now())
           and exists (
             select 1 from webhook_delivery as due
             where due.webhook_uid = candidate.webhook_uid and due.state = 'pending' and due.next_attempt_at <= now())
         order by candidate.served_at nulls first limit 1 for update of candidate skip locked)
       returning webhook.uid, webhook.name, webhook.spec, line.lease, line.failures, line.failing_since as "failingSince"`,
      [lease, leaseSeconds],
    );
    return row;
  }

  async release(database: Queryable, { uid, lease }: Pick<ClaimedLine, 'uid' | 'lease'>): Promise<void> {
    await database.query(
      'update webhook_line set lease = null, leased_until = null where webhook_uid = $1 and lease = $2',
      [uid, lease],
    );
  }

  /** Something was delivered: the line works. */
  async succeeded(tx: Queryable, uid: string): Promise<void> {
    await tx.query(
      `update webhook_line set failures = 0, failing_since = null, paused_until = null, last_error = null,
         last_delivered_at = now() where webhook_uid = $1`,
      [uid],
    );
  }

  /**
   * Something was not delivered. Returns how many attempts in a row could not reach the address, and since when nothing was delivered.
   *
   * @param unreachable it was the address, not the event
   */
  async failed(
    tx: Queryable,
    uid: string,
    unreachable: boolean,
    error: string,
  ): Promise<{ failures: number; failingSince: Date }> {
    const [row] = await tx.query<{ failures: number; failingSince: Date }>(
      `update webhook_line set failures = case when $2 then failures + 1 else 0 end,
         failing_since = coalesce(failing_since, now()), last_error = $3
       where webhook_uid = $1 returning failures, failing_since as "failingSince"`,
      [uid, unreachable, error],
    );
    return row ?? { failures: 1, failingSince: new Date() };
  }

  async pause(tx: Queryable, uid: string, seconds: number): Promise<void> {
    await tx.query('update webhook_line set paused_until = now() + make_interval(secs => $2) where webhook_uid = $1', [
      uid,
      seconds,
    ]);
  }

  /** Ends the line: what waits in it is given up. */
  async disable(tx: Transaction, uid: string): Promise<void> {
    await tx.query('update webhook_line set disabled_at = now() where webhook_uid = $1 and disabled_at is null', [uid]);
    await tx.query(
      `update webhook_delivery set state = 'dead', last_error = coalesce(last_error, 'the webhook was disabled'), updated_at = now()
       where webhook_uid = $1 and state = 'pending'`,
      [uid],
    );
  }

  /** A disabled line works again, from now on; of another one only the pause ends. Returns whether it was disabled. */
  async enable(tx: Transaction, uid: string): Promise<boolean> {
    const [row] = await tx.query<{ was: boolean }>(
      `update webhook_line as line set disabled_at = null, failures = 0, failing_since = null, paused_until = null, last_error = null,
         position = case when before.disabled_at is null then line.position else (select position from event_head) end
       from (select disabled_at from webhook_line where webhook_uid = $1 for update) as before
       where line.webhook_uid = $1 returning before.disabled_at is not null as was`,
      [uid],
    );
    return row?.was ?? false;
  }

  /** How lines stand, for a page of webhooks. */
  async states(database: Queryable, webhookUids: readonly string[]): Promise<Map<string, LineState>> {
    const rows = await database.query<LineState>(
      `select webhook_uid as uid, coalesce((webhook.spec ->> 'enabled')::boolean, true) as enabled, failing_since, disabled_at, last_delivered_at, last_error,
         (select count(*) from webhook_delivery as one where one.webhook_uid = line.webhook_uid and state = 'pending') as pending,
         (select count(*) from webhook_delivery as one where one.webhook_uid = line.webhook_uid and state = 'dead') as dead
       from webhook_line as line join webhook on webhook.uid = webhook_uid where webhook_uid = any ($1)`,
      [[...webhookUids]],
    );
    return new Map(rows.map((row) => [row.uid, row]));
  }
}
