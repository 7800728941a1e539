import type { AlertRule, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { AlertCrossing } from '@muster/contracts/kinds/alert-subscription.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** That an alert was raised or resolved. */
export interface Notice {
  /** Whose alert it is. */
  readonly site: string;
  readonly alert: string;
  readonly rule: AlertRule;
  readonly severity: AlertStatus['severity'];
  readonly deployment?: string | undefined;
  readonly crossing: AlertCrossing;
  readonly message: string;
  readonly happenedAt: string;
}

/** Notices of one alert that one mail tells together. */
export interface ToldNotice extends Notice {
  /** So many crossings there were; the notice is the last one. */
  readonly times: number;
}

const AT_ONCE = 1_000;

/** What subscriptions are to be told. */
export class NoticeRepository {
  /**
   * Notes crossings for each subscription that asks for them, in the transaction that makes them true. By labels also what was told as
   * raised is told as resolved: a deployment that is deleted has no labels any more.
   */
  async add(tx: Transaction, notices: readonly Notice[]): Promise<void> {
    if (notices.length === 0) return;
    await tx.query(
      `insert into alert_notice (subscription_uid, site, alert, rule, severity, deployment, crossing, message, happened_at)
       select sub.uid, site, alert, rule, severity, deployment, crossing, message, "happenedAt"
       from jsonb_to_recordset($1::jsonb) as notice (site text, alert text, rule text, severity text, deployment text,
         crossing text, message text, "happenedAt" timestamptz)
       join alert_subscription as sub on coalesce((sub.spec ->> 'enabled')::boolean, true)
         and (not sub.spec ? 'rules' or sub.spec -> 'rules' ? rule)
         and (not sub.spec ? 'sites' or sub.spec -> 'sites' ? site)
         and (not sub.spec ? 'crossings' or sub.spec -> 'crossings' ? crossing)
         and (not sub.spec ? 'deployments' or sub.spec -> 'deployments' ? coalesce(deployment, ''))
         and (not sub.spec ? 'deploymentLabels'
           or exists (select 1 from deployment as own
                      where own.name = notice.deployment and own.labels @> (sub.spec -> 'deploymentLabels'))
           or crossing = 'resolved' and exists (
                select 1 from alert_notice as told
                where told.subscription_uid = sub.uid and told.site = notice.site and told.alert = notice.alert))`,
      [JSON.stringify(notices)],
    );
  }

  /** Puts everything that waits into a mail, and answers it: the newest notice of each alert. Nothing else can get into it later. */
  async take(tx: Transaction, subscriptionUid: string, mailUid: string): Promise<ToldNotice[]> {
    return tx.query<ToldNotice>(
      `with taken as (
         update alert_notice set mail_uid = $2 where subscription_uid = $1 and mail_uid is null returning *
       )
       select distinct on (site, alert) site, alert, rule, severity, deployment, crossing, message,
         to_char(happened_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "happenedAt",
         count(*) over (partition by site, alert)::int as times
       from taken order by site, alert, id desc`,
      [subscriptionUid, mailUid],
    );
  }

  /** Nobody is to be told what waits, or is on its way. */
  async forget(tx: Transaction, subscriptionUid: string): Promise<void> {
    await tx.query(`delete from alert_mail where subscription_uid = $1 and state = 'pending'`, [subscriptionUid]);
    await tx.query('delete from alert_notice where subscription_uid = $1 and mail_uid is null', [subscriptionUid]);
  }

  /** Forgets what waits for so long that nobody wants to be told any more. Returns whether there may be more. */
  async prune(database: Queryable, keepDays: number): Promise<boolean> {
    const gone = await database.query(
      `delete from alert_notice where id in (
         select id from alert_notice where mail_uid is null and noted_at < now() - make_interval(days => $1) limit $2)
       returning 1`,
      [keepDays, AT_ONCE],
    );
    return gone.length === AT_ONCE;
  }
}
