import type { AlertRule } from '@muster/contracts/kinds/alert.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { AlertLife } from './judge-alert.js';

/** An alert as it is kept. */
export interface AlertRow {
  uid: string;
  name: string;
  rule: AlertRule;
  subject_kind: string;
  subject_name: string;
  subject_uid: string;
  state: AlertLife['state'];
  holds: boolean;
  raised: number;
  raised_at: Date;
  resolved_at: Date | null;
  postponed_until: Date | null;
  comments: { at: string; by: string; text: string }[];
}

/** A condition that is not as its alert says. `alert` is null when it was never raised; without `measured` there is no such rule any more. */
export interface Difference {
  holds: boolean;
  measured: {
    rule: AlertRule;
    subject_kind: string;
    subject: string;
    subject_uid: string;
    devices: number;
    counted: number;
    percent: number;
    by: Date | null;
    error: string | null;
  } | null;
  alert: AlertRow | null;
}

/** Whoever looks at all conditions holds this lock, so that two replicas never raise one alert. */
const LOOKING = 'muster alerts';
const AT_ONCE = 100;

const COLUMNS = `uid, name, rule, subject_kind, subject_name, subject_uid, state, holds, raised, raised_at, resolved_at,
  postponed_until, comments`;

/** Alerts, and the conditions that they are about. */
export class AlertRepository {
  /** False when another replica is looking just now. */
  async takeTurn(tx: Transaction): Promise<boolean> {
    const [row] = await tx.query<{ mine: boolean }>(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine',
      [LOOKING],
    );
    return row?.mine ?? false;
  }

  /**
   * Where conditions and alerts differ, and postponed alerts whose time has come. It reads a few rows of each deployment and collection
   * that asks for alerts, whatever its size.
   */
  async differences(tx: Transaction): Promise<Difference[]> {
    const rows = await tx.query<AlertRow & Record<string, unknown>>(
      `with watched as (
         select deployment.uid, deployment.name, collection.uid as collection_uid, deployment.spec -> 'alerts' as alerts,
           coalesce(tally.succeeded, 0) as succeeded, coalesce(tally.failed, 0) as failed,
           greatest(coalesce(size.members, 0), coalesce(tally.succeeded + tally.failed, 0)) as devices
         from deployment
         join collection on collection.name = deployment.collection
         left join collection_size as size on size.collection_uid = collection.uid
         left join deployment_tally as tally on tally.deployment_uid = deployment.uid
         where deployment.spec ? 'alerts'
       ), measured as (
         select 'deployment-failed' as m_rule, 'Deployment' as m_kind, uid as m_uid, name as m_name, devices,
           failed as counted, (alerts ->> 'failedAbovePercent')::float8 as percent, null::timestamptz as by, null as error,
           failed * 100 > (alerts ->> 'failedAbovePercent')::numeric * devices as m_holds
         from watched where alerts ? 'failedAbovePercent'
         union all
         select 'deployment-succeeded', 'Deployment', uid, name, devices, succeeded, (alerts #>> '{succeeded,percent}')::float8,
           (alerts #>> '{succeeded,by}')::timestamptz, null,
           now() >= (alerts #>> '{succeeded,by}')::timestamptz
             and succeeded * 100 < (alerts #>> '{succeeded,percent}')::numeric * devices
         from watched where alerts ? 'succeeded'
         union all
         select limited.rule, 'Deployment', uid, name, devices, told.counted, limited.percent, null, null,
           told.counted * 100 > limited.percent * devices
         from watched cross join lateral (values
           ('deployment-content', 'content', (alerts ->> 'waitingForContentAbovePercent')::float8),
           ('deployment-window', 'no-window', (alerts ->> 'noWindowAbovePercent')::float8)
         ) as limited (rule, reason, percent)
         cross join lateral (
           select coalesce(sum(fate_tally.devices), 0)::bigint as counted from fate_tally
           where deployment_uid = uid and fate_tally.state = 'waiting' and fate_tally.reason = limited.reason
         ) as told
         where limited.percent is not null
         union all
         select 'deployment-silent', 'Deployment', uid, name, devices, fallen.counted, (alerts ->> 'silentAbovePercent')::float8,
           null, null, fallen.counted * 100 > (alerts ->> 'silentAbovePercent')::float8 * devices
         from watched cross join lateral (
           select count(*) as counted from run
           join collection_member as member
             on member.collection_uid = watched.collection_uid and member.device_uid = run.device_uid
           join device on device.uid = run.device_uid and may_act(device.state)
           where run.deployment_uid = watched.uid and run.end_result is null and run.silent_at is not null and not exists (
             select 1 from run as newer
             where newer.deployment_uid = run.deployment_uid and newer.device_uid = run.device_uid and newer.arrival > run.arrival)
         ) as fallen
         where alerts ? 'silentAbovePercent'
         union all
         select 'collection-inactive', 'Collection', uid, name, devices, inactive, allowed.percent::float8, null, null,
           inactive * 100 > allowed.percent * devices
         from collection join collection_activity on collection_uid = uid
         cross join lateral (select (spec #>> '{alerts,inactiveAbovePercent}')::numeric as percent) as allowed
         where spec ? 'alerts'
         union all
         select 'webhook-disabled', 'Webhook', webhook.uid, webhook.name, 0, 0, 0, failing_since, last_error, true
         from webhook_line join webhook on webhook.uid = webhook_uid where disabled_at is not null
       )
       select measured.*, alert.* from measured
       full join (select ${COLUMNS} from alert) as alert
         on alert.rule = measured.m_rule and alert.subject_uid = measured.m_uid
       where coalesce(m_holds, false) <> coalesce(alert.holds, false)
         or (alert.state = 'postponed' and alert.postponed_until <= now())`,
    );
    return rows.map((row) => ({
      holds: row['m_holds'] === true,
      measured: row['m_rule'] === null ? null : toMeasured(row),
      alert: row.uid === null ? null : row,
    }));
  }

  async insert(
    tx: Transaction,
    alert: { uid: string; names: { short: string; long: string }; severity: string; message: string; life: AlertLife },
    subject: { rule: AlertRule; kind: string; name: string; uid: string },
  ): Promise<void> {
    const { uid, names, severity, message, life } = alert;
    await tx.query(
      `insert into alert (uid, name, resource_version, rule, subject_kind, subject_name, subject_uid, state, holds,
         severity, message, raised, raised_at, changed_at)
       values ($1, case when length($2) > 63 or exists (select 1 from alert where name = $2) then $3 else $2 end,
         nextval('resource_version'), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`,
      [
        uid,
        names.short,
        names.long,
        subject.rule,
        subject.kind,
        subject.name,
        subject.uid,
        life.state,
        life.holds,
        severity,
        message,
        life.raised,
        life.raisedAt,
      ],
    );
  }

  /** Moves an alert on; keeps its message unless it has a new one. `by` is absent when the site itself did it. */
  async move(
    tx: Transaction,
    uid: string,
    life: AlertLife,
    change: { message?: string | undefined; by?: string | undefined },
  ): Promise<void> {
    await tx.query(
      `update alert set state = $2, holds = $3, raised = $4, raised_at = $5, resolved_at = $6, postponed_until = $7,
         message = coalesce($8, message), changed_by = $9, changed_at = case when state = $2 then changed_at else now() end,
         resource_version = nextval('resource_version'), updated_at = now()
       where uid = $1`,
      [
        uid,
        life.state,
        life.holds,
        life.raised,
        life.raisedAt,
        life.resolvedAt ?? null,
        life.postponedUntil ?? null,
        change.message ?? null,
        change.by ?? null,
      ],
    );
  }

  async comment(tx: Transaction, uid: string, comments: AlertRow['comments']): Promise<void> {
    await tx.query(
      `update alert set comments = $2, resource_version = nextval('resource_version'), updated_at = now() where uid = $1`,
      [uid, JSON.stringify(comments)],
    );
  }

  async findForUpdate(tx: Transaction, name: string): Promise<AlertRow | undefined> {
    const [row] = await tx.query<AlertRow>(`select ${COLUMNS} from alert where name = $1 for update`, [name]);
    return row;
  }

  /** Uids of alerts that are over and were not touched for so long, at most some. */
  async outdated(database: Queryable, keepDays: number): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `select uid from alert where not holds and state in ('resolved', 'closed')
         and updated_at < now() - make_interval(days => $1) order by updated_at limit $2`,
      [keepDays, AT_ONCE],
    );
    return rows.map(({ uid }) => uid);
  }

  async remove(tx: Transaction, uid: string): Promise<void> {
    await tx.query('delete from alert where uid = $1', [uid]);
  }
}

function toMeasured(row: Record<string, unknown>): Difference['measured'] {
  return {
    rule: row['m_rule'] as AlertRule,
    subject_kind: row['m_kind'] as string,
    subject: row['m_name'] as string,
    subject_uid: row['m_uid'] as string,
    devices: row['devices'] as number,
    counted: row['counted'] as number,
    percent: row['percent'] as number,
    by: row['by'] as Date | null,
    error: row['error'] as string | null,
  };
}

/** Where the alert of a row stands. */
export function lifeOf(row: AlertRow): AlertLife {
  const { state, holds, raised, raised_at, resolved_at, postponed_until } = row;
  return {
    state,
    holds,
    raised,
    raisedAt: raised_at,
    resolvedAt: resolved_at ?? undefined,
    postponedUntil: postponed_until ?? undefined,
  };
}
