import {
  type DeploymentDeviceList,
  type DeploymentProgress,
  type DeviceState,
} from '@muster/contracts/kinds/deployment-progress.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { DeploymentPolicy } from '@muster/contracts/kinds/deployment.js';
import type { Queryable } from '@muster/persistence/database.js';
import { describePlatforms, type Platform, type PlatformFacts } from '@muster/sequence/platforms.js';
import { SEEN_STATE } from '../runs/silence.js';

const MOST_ERRORS = 50;
const MOST_STEPS = 1_000;
const MOST_EXAMPLES = 5;

/** A deployment as monitoring needs it. */
export interface Monitored {
  uid: string;
  name: string;
  sequence: string;
  sequenceDigest: Digest;
  /** null: it was deleted, and nobody is to run it any more. */
  collectionUid: string | null;
  deletedAt: Date | null;
  hold: NonNullable<DeploymentProgress['hold']> | null;
  policy: DeploymentPolicy | null;
}

type DeviceFate = NonNullable<DeploymentDeviceList['items'][number]['fate']>;

/** What is counted of runs. */
type Counted =
  'running' | 'restartPending' | 'silent' | 'succeeded' | 'failed' | 'lastHour' | 'lastDay' | 'lastWeek' | 'lastMonth';

const instant = (column: string): string => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A row of `device_fate` as it is told; null: there is none. */
const FATE = `case when fate.device_uid is null then null else jsonb_strip_nulls(jsonb_build_object(
  'acceptance', jsonb_build_object('state', acceptance, 'at', ${instant('acceptance_at')}, 'says', acceptance_says),
  'delivery', case when delivery is not null and delivery <> 'started' then jsonb_build_object('state', delivery, 'reason', reason,
    'at', ${instant('delivery_at')}, 'until', ${instant('until_at')}, 'says', delivery_says) end)) end`;

/** The newest run of each device of deployment $1, with the state that it has in the eyes of people. */
const NEWEST = `newest as (
  select distinct on (device_uid) *, ${SEEN_STATE} as seen
  from run where deployment_uid = $1 order by device_uid, arrival desc
)`;

/** The step that made a run fail, or the last one that began. */
const DECISIVE = `left join lateral (
  select path, exit_code, code, message from run_step
  where run_step.run_uid = newest.uid
    and case when newest.state = 'failed' then outcome = 'failed' and continued_on_error is not true
             else outcome is null end
  order by number desc limit 1
) as step on true`;

/** Is a device for none of these platforms, in SQL (as `isListedPlatform`)? */
function rejects(platforms: readonly Platform[] | undefined, parameter: string): string {
  if (platforms === undefined) return 'false';
  const own = (fact: string): string => `device.status #>> '{facts,os,${fact}}'`;
  return `not exists (
    select 1 from jsonb_array_elements(${parameter}::jsonb) as wanted
    where wanted ->> 'os' = ${own('id')}
      and (not wanted ? 'architecture' or wanted ->> 'architecture' = ${own('architecture')})
      and (not wanted ? 'versions' or exists (
        select 1 from jsonb_array_elements_text(wanted -> 'versions') as version
        where ${own('versionId')} = version or starts_with(${own('versionId')}, version || '.'))))`;
}

/** What a device without a run does, in SQL: what it told, else what can be known without it. */
function idleState(
  platforms: readonly Platform[] | undefined,
  { platformsIn, isOver }: Record<'platformsIn' | 'isOver', string>,
): string {
  return `case when fate.state in ('rejected', 'expired', 'not-rerun') then fate.state
    when fate.device_uid is null and ${rejects(platforms, platformsIn)} then 'rejected'
    when ${isOver} then 'expired'
    when fate.state = 'downloading' then fate.state
    else 'waiting' end`;
}

/** How deployments go: questions over the runs, none of which changes anything. */
export class MonitoringRepository {
  /** By name the deployment that is there, or else the last one that was; deleted ones also by uid. */
  async find(database: Queryable, name: string): Promise<Monitored | undefined> {
    const [row] = await database.query<Monitored>(
      `select deployment.uid, deployment.name, sequence, deployment.status ->> 'sequenceDigest' as "sequenceDigest",
         collection.uid as "collectionUid", deployment.spec ->> 'hold' as hold, deployment.status -> 'policy' as policy,
         null::timestamptz as "deletedAt"
       from deployment join collection on collection.name = deployment.collection where deployment.name = $1
       union all
       (select uid, name, sequence, sequence_digest, null, case when stopped_at is null then hold else 'Runs' end, null, deleted_at
        from past_deployment where name = $1 or uid::text = $1 order by deleted_at desc limit 1)
       limit 1`,
      [name],
    );
    return row;
  }

  async counts(
    database: Queryable,
    { uid, collectionUid, policy }: Monitored,
    platforms: readonly Platform[] | undefined,
  ): Promise<Pick<DeploymentProgress, 'devices' | 'ended'>> {
    const [row] = await database.query<Record<Counted, number> & { idle: Record<string, number> | null }>(
      `with ${NEWEST}, idle as (
         select ${idleState(platforms, { platformsIn: '$3', isOver: '$4' })} as state
         from collection_member as member
         left join device_fate as fate on fate.deployment_uid = $1 and fate.device_uid = member.device_uid
         left join device on $3::jsonb is not null and fate.device_uid is null and device.uid = member.device_uid
         where member.collection_uid = $2 and not exists (select 1 from newest where newest.device_uid = member.device_uid)
       )
       select
         (select jsonb_object_agg(state, devices) from (select state, count(*) as devices from idle group by state) as counted) as idle,
         count(*) filter (where seen = 'running') as running,
         count(*) filter (where seen = 'restart-pending') as "restartPending",
         count(*) filter (where seen = 'silent') as silent,
         count(*) filter (where seen = 'succeeded') as succeeded,
         count(*) filter (where seen = 'failed') as failed,
         count(*) filter (where finished_at > now() - interval '1 hour') as "lastHour",
         count(*) filter (where finished_at > now() - interval '1 day') as "lastDay",
         count(*) filter (where finished_at > now() - interval '7 days') as "lastWeek",
         count(*) filter (where finished_at > now() - interval '30 days') as "lastMonth"
       from newest`,
      [uid, collectionUid, jsonOf(platforms), isOver(policy)],
    );
    const idle = row?.idle ?? {};
    const number = (name: Counted): number => row?.[name] ?? 0;
    const devices = {
      waiting: idle['waiting'] ?? 0,
      downloading: idle['downloading'] ?? 0,
      rejected: idle['rejected'] ?? 0,
      expired: idle['expired'] ?? 0,
      notRerun: idle['not-rerun'] ?? 0,
      running: number('running'),
      restartPending: number('restartPending'),
      silent: number('silent'),
      succeeded: number('succeeded'),
      failed: number('failed'),
    };
    const targeted = Object.values(devices).reduce((sum, one) => sum + one, 0);
    return {
      devices: { targeted, ...devices },
      ended: {
        lastHour: number('lastHour'),
        lastDay: number('lastDay'),
        lastWeek: number('lastWeek'),
        lastMonth: number('lastMonth'),
      },
    };
  }

  /** What members without a run told last. */
  async fates(database: Queryable, { uid, collectionUid }: Monitored): Promise<DeploymentProgress['fates']> {
    const rows = await database.query<{ state: string; reason: string | null; devices: number }>(
      `select fate.state, case when fate.state = fate.delivery then reason end as reason, count(*) as devices
       from device_fate as fate
       join collection_member as member on member.collection_uid = $2 and member.device_uid = fate.device_uid
       where fate.deployment_uid = $1 and fate.state <> 'started' and not exists (
         select 1 from run where run.deployment_uid = $1 and run.device_uid = fate.device_uid)
       group by 1, 2 order by devices desc, state, reason`,
      [uid, collectionUid],
    );
    return rows.map(({ reason, ...told }) => (reason === null ? told : { ...told, reason }));
  }

  async runSeconds(database: Queryable, { uid }: Monitored): Promise<DeploymentProgress['runSeconds']> {
    const [row] = await database.query<{ median: number | null; p95: number | null; longest: number | null }>(
      `with ${NEWEST}, lasted as (
         select greatest(0, extract(epoch from finished_at - started_at))::float8 as seconds from newest
         where finished_at is not null and started_at is not null
       )
       select percentile_cont(0.5) within group (order by seconds) as median,
         percentile_cont(0.95) within group (order by seconds) as p95, max(seconds) as longest from lasted`,
      [uid],
    );
    const { median = null, p95 = null, longest = null } = row ?? {};
    return median === null || p95 === null || longest === null ? undefined : { median, p95, longest };
  }

  async errors(database: Queryable, { uid }: Monitored): Promise<DeploymentProgress['errors']> {
    const rows = await database.query<{
      code: string | null;
      step: string | null;
      exitCode: number | null;
      message: string | null;
      devices: number;
      examples: string[];
    }>(
      `with ${NEWEST}
       select coalesce(step.code, newest.code) as code, step.path as step,
         coalesce(step.exit_code, newest.exit_code) as "exitCode",
         min(coalesce(step.message, newest.message)) as message, count(*) as devices,
         (array_agg(newest.device order by newest.device))[1:${MOST_EXAMPLES}] as examples
       from newest ${DECISIVE}
       where newest.state = 'failed'
       group by 1, 2, 3 order by devices desc, step, code, "exitCode" limit ${MOST_ERRORS}`,
      [uid],
    );
    return rows.map(({ code, step, exitCode, message, devices, examples }) => ({
      ...(code === null ? {} : { code }),
      ...(step === null ? {} : { step }),
      ...(exitCode === null ? {} : { exitCode }),
      ...(message === null ? {} : { message }),
      devices,
      examples,
    }));
  }

  async steps(database: Queryable, { uid }: Monitored): Promise<DeploymentProgress['steps']> {
    const rows = await database.query<{
      path: string;
      running: number;
      silent: number;
      succeeded: number;
      failed: number;
      skipped: number;
      median: number | null;
      longest: number | null;
    }>(
      `with ${NEWEST}, lasted as (
         select run_step.*, newest.seen, greatest(0, extract(epoch from run_step.finished_at - run_step.started_at))::float8 as seconds
         from run_step join newest on newest.uid = run_step.run_uid
       )
       select path, count(*) filter (where outcome is null and seen in ('running', 'restart-pending')) as running,
         count(*) filter (where outcome is null and seen = 'silent') as silent,
         count(*) filter (where outcome = 'succeeded') as succeeded, count(*) filter (where outcome = 'failed') as failed,
         count(*) filter (where outcome = 'skipped') as skipped,
         percentile_cont(0.5) within group (order by seconds) filter (where outcome <> 'skipped') as median,
         max(seconds) filter (where outcome <> 'skipped') as longest
       from lasted group by path order by min(number), path limit ${MOST_STEPS}`,
      [uid],
    );
    return rows.map(({ median, longest, ...counts }) => ({
      ...counts,
      ...(median === null ? {} : { medianSeconds: median }),
      ...(longest === null ? {} : { longestSeconds: longest }),
    }));
  }

  /** A page by name: members without a run, every device that has one, and those that have left and told something while they were there. */
  async devices(
    database: Queryable,
    { uid, collectionUid, policy }: Monitored,
    platforms: readonly Platform[] | undefined,
    { state, after, limit }: { state: DeviceState | undefined; after: string; limit: number },
  ): Promise<DeploymentDeviceList['items']> {
    const rows = await database.query<{
      device: string;
      deviceUid: string;
      state: DeviceState;
      member: boolean;
      run: string | null;
      step: string | null;
      code: string | null;
      exitCode: number | null;
      message: string | null;
      heardAt: Date | null;
      os: PlatformFacts | null;
      fate: DeviceFate | null;
    }>(
      `with ${NEWEST}, everybody as (
         select coalesce(device.name, newest.device) as device, coalesce(device.uid, newest.device_uid) as device_uid,
           coalesce(newest.seen, ${idleState(platforms, { platformsIn: '$6', isOver: '$7' })}) as state,
           device.status #> '{facts,os}' as os, member.device_uid is not null as member, newest.uid as run_uid
         from (select device_uid from collection_member where collection_uid = $2) as member
         full join newest on newest.device_uid = member.device_uid
         full join (select device_uid, state from device_fate where deployment_uid = $1) as fate
           on fate.device_uid = coalesce(member.device_uid, newest.device_uid)
         left join device on device.uid = coalesce(member.device_uid, newest.device_uid, fate.device_uid)
       ), page as (
         select * from everybody where device > $3 and ($4::text is null or state = $4) and ($6::jsonb is null or true) order by device limit $5
       )
       select page.device, page.device_uid as "deviceUid", page.state, page.member, newest.name as run, step.path as step,
         coalesce(step.code, newest.code) as code, coalesce(step.exit_code, newest.exit_code) as "exitCode",
         coalesce(step.message, newest.message) as message, newest.updated_at as "heardAt",
         page.os, ${FATE} as fate
       from page left join newest on newest.uid = page.run_uid ${DECISIVE}
       left join device_fate as fate on fate.deployment_uid = $1 and fate.device_uid = page.device_uid and fate.state <> 'started'
       order by page.device`,
      [uid, collectionUid, after, state ?? null, limit, jsonOf(platforms), isOver(policy)],
    );
    return rows.map(({ run, step, code, exitCode, message, heardAt, os, fate, ...known }) => ({
      ...known,
      ...(fate === null ? {} : { fate }),
      ...(known.state === 'rejected' && platforms && fate === null
        ? { message: describePlatforms(platforms, os ?? {}) }
        : {}),
      ...(run === null ? {} : { run }),
      ...(step === null ? {} : { step }),
      ...(code === null ? {} : { code }),
      ...(exitCode === null ? {} : { exitCode }),
      ...(message === null ? {} : { message }),
      ...(heardAt === null ? {} : { heardAt: heardAt.toISOString() }),
    }));
  }
}

/** Policy tells devices nothing of it any more, for its end has come everywhere. */
function isOver(policy: DeploymentPolicy | null): boolean {
  return policy?.code === 'policy.expired';
}

function jsonOf(platforms: readonly Platform[] | undefined): string | null {
  return platforms === undefined ? null : JSON.stringify(platforms);
}
