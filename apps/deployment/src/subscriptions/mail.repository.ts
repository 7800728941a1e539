import type { AlertSubscriptionSpec, MailRecipient } from '@muster/contracts/kinds/alert-subscription.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';

/** A subscription for which a mail is to be written. */
export interface WaitingSubscription {
  uid: string;
  name: string;
  displayName: string | null;
}

/** A mail that this worker sends now. */
export interface ClaimedMail {
  uid: string;
  lease: string;
  name: string;
  spec: AlertSubscriptionSpec;
  subject: string;
  body: string;
  recipients: MailRecipient[] | null;
  attempts: number;
  failures: number;
  createdAt: Date;
}

/** How a subscription looks to people. */
export interface SubscriptionState {
  uid: string;
  enabled: boolean;
  waiting: number;
  dead: number;
  last_sent_at: Date | null;
  failing_since: Date | null;
  last_error: string | null;
  recipients: MailRecipient[] | null;
}

const AT_ONCE = 1_000;

/** Mails of subscriptions, and what became of them. */
export class MailRepository {
  /**
   * A subscription of which something waits for long enough, held until the transaction ends. None while a mail of it has not come to
   * the server yet: what happens meanwhile gathers for the next one.
   *
   * @param gatherSeconds what happens within this time is told by one mail
   * @param everySeconds a subscription gets no two mails within this time
   */
  async waiting(
    tx: Transaction,
    gatherSeconds: number,
    everySeconds: number,
  ): Promise<WaitingSubscription | undefined> {
    const [row] = await tx.query<WaitingSubscription>(
      `select sub.uid, sub.name, sub.display_name as "displayName" from alert_subscription as sub
       where coalesce((sub.spec ->> 'enabled')::boolean, true)
         and exists (
           select 1 from alert_notice as notice where notice.subscription_uid = sub.uid and notice.mail_uid is null
             and notice.noted_at <= now() - make_interval(secs => $1))
         and not exists (
           select 1 from alert_mail as mail where mail.subscription_uid = sub.uid
             and (mail.created_at > now() - make_interval(secs => $2) or mail.state = 'pending' and mail.recipients is null))
       limit 1 for no key update of sub skip locked`,
      [gatherSeconds, everySeconds],
    );
    return row;
  }

  async insert(
    tx: Transaction,
    mail: { uid: string; subscriptionUid: string; subject: string; body: string },
  ): Promise<void> {
    await tx.query('insert into alert_mail (uid, subscription_uid, subject, body) values ($1, $2, $3, $4)', [
      mail.uid,
      mail.subscriptionUid,
      mail.subject,
      mail.body,
    ]);
  }

  /** Takes a mail that is due and that nobody sends. A lease that ends without a word makes it anybody's. */
  async claim(database: Database, lease: string, leaseSeconds: number): Promise<ClaimedMail | undefined> {
    const [row] = await database.query<ClaimedMail>(
      `update alert_mail as mail set lease = $1, leased_until = now() + make_interval(secs => $2)
       from alert_subscription as sub
       where sub.uid = mail.subscription_uid and mail.uid = (
         select candidate.uid from alert_mail as candidate
         where candidate.state = 'pending' and candidate.next_attempt_at <= now()
           and (candidate.leased_until is null or candidate.leased_until < now())
         order by candidate.next_attempt_at limit 1 for update skip locked)
       returning mail.uid, mail.lease, sub.name, sub.spec, mail.subject, mail.body, mail.recipients, mail.attempts,
         mail.failures, mail.created_at as "createdAt"`,
      [lease, leaseSeconds],
    );
    return row;
  }

  /** The server was not reached, or takes nothing from this site. `waitSeconds` undefined: the mail is given up. */
  async failed(
    database: Queryable,
    { uid, lease }: Pick<ClaimedMail, 'uid' | 'lease'>,
    error: string,
    waitSeconds: number | undefined,
  ): Promise<void> {
    await database.query(
      `update alert_mail set failures = failures + 1, last_error = $3, lease = null, leased_until = null, updated_at = now(),
         state = case when $4::float8 is null then 'dead' else state end,
         next_attempt_at = now() + make_interval(secs => coalesce($4, 0))
       where uid = $1 and lease = $2`,
      [uid, lease, error, waitSeconds ?? null],
    );
  }

  /** The server answered. `waitSeconds` undefined: nothing of it is tried again. */
  async answered(
    database: Queryable,
    { uid, lease }: Pick<ClaimedMail, 'uid' | 'lease'>,
    outcome: {
      state: 'pending' | 'sent' | 'dead';
      recipients: readonly MailRecipient[];
      takenNow: boolean;
      waitSeconds: number | undefined;
    },
  ): Promise<void> {
    const { state, recipients, takenNow, waitSeconds } = outcome;
    await database.query(
      `update alert_mail set attempts = attempts + 1, failures = 0, last_error = null, lease = null, leased_until = null,
         state = $3, recipients = $4, taken_at = case when $5 then now() else taken_at end,
         next_attempt_at = now() + make_interval(secs => $6), updated_at = now()
       where uid = $1 and lease = $2`,
      [uid, lease, state, JSON.stringify(recipients), takenNow, waitSeconds ?? 0],
    );
  }

  /** How subscriptions stand, for a page of them. Their newest mail says which addresses it did not come to. */
  async states(database: Queryable, subscriptionUids: readonly string[]): Promise<Map<string, SubscriptionState>> {
    const rows = await database.query<SubscriptionState>(
      `select sub.uid, coalesce((sub.spec ->> 'enabled')::boolean, true) as enabled,
         (select count(*) from alert_notice as notice left join alert_mail as mail on mail.uid = notice.mail_uid
          where notice.subscription_uid = sub.uid and (notice.mail_uid is null or mail.state = 'pending' and mail.taken_at is null)) as waiting,
         (select count(*) from alert_notice as notice join alert_mail as mail on mail.uid = notice.mail_uid
          where mail.subscription_uid = sub.uid and mail.state = 'dead' and mail.taken_at is null) as dead,
         (select max(taken_at) from alert_mail as mail where mail.subscription_uid = sub.uid) as last_sent_at,
         failing.since as failing_since, failing.error as last_error, newest.recipients
       from alert_subscription as sub
       left join lateral (
         select min(created_at) as since, (array_agg(last_error order by updated_at desc))[1] as error from alert_mail as mail
         where mail.subscription_uid = sub.uid and mail.state = 'pending' and (failures > 0 or attempts > 0)
       ) as failing on true
       left join lateral (
         select recipients from alert_mail as mail
         where mail.subscription_uid = sub.uid and mail.recipients is not null order by created_at desc limit 1
       ) as newest on true
       where sub.uid = any ($1)`,
      [[...subscriptionUids]],
    );
    return new Map(rows.map((row) => [row.uid, row]));
  }

  /** Forgets mails that came through or were given up so long ago, with what they told. Returns whether there may be more. */
  async prune(database: Queryable, keepDays: number): Promise<boolean> {
    const gone = await database.query(
      `delete from alert_mail where uid in (
         select uid from alert_mail where state <> 'pending' and updated_at < now() - make_interval(days => $1)
         order by updated_at limit $2) returning 1`,
      [keepDays, AT_ONCE],
    );
    return gone.length === AT_ONCE;
  }
}
