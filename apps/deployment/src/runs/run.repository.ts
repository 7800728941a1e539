import type { RunSpec } from '@muster/contracts/kinds/run.js';
import type { Queryable, SqlValue, Transaction } from '@muster/persistence/database.js';
import type { RunProgress, StepProgress } from './run-progress.js';
import type { KnownRun, ToldRun } from './told-runs.js';

interface RunRow {
  uid: string;
  device_uid: string;
  deployment_uid: string;
  last_number: number;
  started_at: Date | null;
  total_steps: number | null;
  restart_number: number | null;
  end_number: number | null;
  end_result: 'succeeded' | 'failed' | null;
  finished_at: Date | null;
  exit_code: number | null;
  code: string | null;
  message: string | null;
}

interface StepRow {
  run_uid: string;
  path: string;
  number: number;
  type: string | null;
  first_start_number: number | null;
  started_at: Date | null;
  last_start_number: number | null;
  attempt: number | null;
  end_number: number | null;
  end_attempt: number | null;
  outcome: 'succeeded' | 'failed' | 'skipped' | null;
  reason: string | null;
  code: string | null;
  exit_code: number | null;
  continued_on_error: boolean | null;
  finished_at: Date | null;
  message: string | null;
  output: string | null;
}

/** Names that a run needs and its reports do not have; null where nobody knows any more. */
export interface KnownNames {
  device: string | null;
  deployment: string | null;
  sequence: string | null;
  sequenceDigest: string | null;
}

/** A run that is heard of for the first time. */
export interface NewRun {
  readonly uid: string;
  /** The long one is for runs whose short one another run has. */
  readonly names: { readonly short: string; readonly long: string };
  readonly spec: RunSpec;
  readonly progress: RunProgress;
}

type Told = Pick<ToldRun, 'uid' | 'deviceUid' | 'deploymentUid' | 'progress' | 'changed' | 'hasStep'>;

/** What `progressRow` makes, for jsonb_to_recordset. */
const PROGRESS = `last_number bigint, started_at timestamptz, total_steps bigint, restart_number bigint, end_number bigint,
  end_result text, finished_at timestamptz, exit_code bigint, code text, message text`;
const PROGRESS_COLUMNS = `last_number, started_at, total_steps, restart_number, end_number, end_result, finished_at, exit_code, code,
  message`;

/** The columns of a step with their types, its key first. */
const STEP = {
  run_uid: 'uuid',
  path: 'text',
  number: 'bigint',
  type: 'text',
  first_start_number: 'bigint',
  started_at: 'timestamptz',
  last_start_number: 'bigint',
  attempt: 'bigint',
  end_number: 'bigint',
  end_attempt: 'bigint',
  outcome: 'text',
  reason: 'text',
  code: 'text',
  exit_code: 'bigint',
  continued_on_error: 'boolean',
  finished_at: 'timestamptz',
  message: 'text',
  output: 'text',
} as const;
type StepColumn = keyof typeof STEP;
type StepValues = Readonly<Record<StepColumn, SqlValue | undefined>>;
const STEP_NAMES = Object.keys(STEP) as StepColumn[];
const STEP_COLUMNS = STEP_NAMES.join();
const STEP_CONTENT = STEP_NAMES.slice(2);
/** Steps out of an array for each column: of many rows, a quarter of the price of JSON. */
const STEPS = `unnest(${STEP_NAMES.map((name, index) => `$${index + 1}::${STEP[name]}[]`).join()}) as step (${STEP_COLUMNS})`;

/** Runs and their steps. Whatever is written of many runs is one statement. */
export class RunRepository {
  /** Those of these runs that are there, held until the transaction ends. */
  async hold(tx: Transaction, uids: readonly string[]): Promise<Map<string, KnownRun>> {
    const rows = await tx.prepared<RunRow>(
      'progress of runs',
      `select uid, device_uid, deployment_uid, last_number, started_at, total_steps, restart_number, end_number, end_result,
         finished_at, exit_code, code, message from run where uid = any ($1::uuid[]) order by uid for update`,
      [[...uids]],
    );
    if (rows.length === 0) return new Map();
    const steps = await this.steps(
      tx,
      rows.map(({ uid }) => uid),
    );
    return new Map(
      rows.map((row) => [
        row.uid,
        {
          deviceUid: row.device_uid,
          deploymentUid: row.deployment_uid,
          progress: toProgress(row),
          steps: steps.get(row.uid) ?? [],
        },
      ]),
    );
  }

  /** Looks the names up, in the order of the runs: objects of today, deleted deployments, and what earlier runs of the device say. */
  async names(
    tx: Transaction,
    runs: readonly { readonly deviceUid: string; readonly deploymentUid: string }[],
  ): Promise<KnownNames[]> {
    if (runs.length === 0) return [];
    return tx.prepared<KnownNames>(
      'names for runs',
      `select
         coalesce((select name from device where uid = wanted.device_uid),
                  (select device from run where device_uid = wanted.device_uid order by arrival desc limit 1)) as device,
         known.name as deployment, known.sequence, known.digest as "sequenceDigest"
       from unnest($1::uuid[], $2::uuid[]) with ordinality as wanted (device_uid, deployment_uid, number)
       left join lateral (
         select name, sequence, status ->> 'sequenceDigest' as digest from deployment where uid = wanted.deployment_uid
         union all
         select name, sequence, sequence_digest from past_deployment where uid = wanted.deployment_uid
         limit 1
       ) as known on true order by wanted.number`,
      [runs.map(({ deviceUid }) => deviceUid), runs.map(({ deploymentUid }) => deploymentUid)],
    );
  }

  /** Makes rows of runs in this order, each under its short name unless another run has it. */
  async insert(tx: Transaction, runs: readonly NewRun[]): Promise<void> {
    if (runs.length === 0) return;
    await tx.prepared(
      'make runs',
      `insert into run (uid, name, labels, resource_version, device, device_uid, deployment, deployment_uid, sequence,
         sequence_digest, ${PROGRESS_COLUMNS})
       select uid,
         case when row_number() over (partition by short order by place) > 1
           or exists (select 1 from run as other where other.name = short) then long else short end,
         jsonb_build_object('deployment', deployment, 'device', device), nextval('resource_version'), device, device_uid,
         deployment, deployment_uid, sequence, sequence_digest, ${PROGRESS_COLUMNS}
       from jsonb_to_recordset($1) as one (place int, uid uuid, short text, long text, device text, device_uid uuid, deployment text,
         deployment_uid uuid, sequence text, sequence_digest text, ${PROGRESS})
       order by place`,
      [
        JSON.stringify(
          runs.map(({ uid, names, spec, progress }, place) => ({
            place,
            uid,
            ...names,
            device: spec.device,
            device_uid: spec.deviceUid,
            deployment: spec.deployment,
            deployment_uid: spec.deploymentUid,
            sequence: spec.sequence,
            sequence_digest: spec.sequenceDigest,
            ...progressRow(progress),
          })),
        ),
      ],
    );
  }

  async saveProgress(tx: Transaction, runs: readonly Told[]): Promise<void> {
    if (runs.length === 0) return;
    await tx.prepared(
      'save the progress of runs',
      `update run set (${PROGRESS_COLUMNS}) = (select ${PROGRESS_COLUMNS.replaceAll(/\w+/g, 'told.$&')}),
         resource_version = nextval('resource_version'), updated_at = now(), silent_at = null
       from jsonb_to_recordset($1) as told (uid uuid, ${PROGRESS}) where run.uid = told.uid`,
      [JSON.stringify(runs.map(({ uid, progress }) => ({ uid, ...progressRow(progress) })))],
    );
  }

  /** Keeps the steps of runs that changed. Whoever does so holds the runs, and knows which steps they have. */
  async saveSteps(tx: Transaction, runs: readonly Told[]): Promise<void> {
    const [fresh, known]: [StepValues[], StepValues[]] = [[], []];
    for (const { uid, changed, hasStep } of runs) {
      for (const step of changed.values()) (hasStep(step.path) ? known : fresh).push(toRow(uid, step));
    }
    if (fresh.length > 0) {
      await tx.prepared(
        'add steps of runs',
        `insert into run_step (${STEP_COLUMNS}) select ${STEP_COLUMNS} from ${STEPS}`,
        columnsOf(fresh),
      );
    }
    if (known.length > 0) {
      await tx.prepared(
        'save steps of runs',
        `update run_step set (${STEP_CONTENT.join()}) = (select ${STEP_CONTENT.map((name) => `step.${name}`).join()})
         from ${STEPS} where run_step.run_uid = step.run_uid and path_key = md5(step.path)`,
        columnsOf(known),
      );
    }
  }

  /** Notes of some runs that have not ended that nothing was heard of them for so long; answers which. Those that are told of now are left. */
  async noteSilent(tx: Transaction, hours: number, limit: number): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      `update run set silent_at = now(), resource_version = nextval('resource_version')
       where uid in (
         select uid from run
         where end_result is null and silent_at is null and updated_at < now() - make_interval(hours => $1)
         order by updated_at limit $2 for update skip locked)
       returning uid`,
      [hours, limit],
    );
    return rows.map(({ uid }) => uid);
  }

  /** The steps of many runs with one query, each run's in the order of their first report. */
  async steps(database: Queryable, runUids: readonly string[]): Promise<Map<string, StepProgress[]>> {
    const rows = await database.query<StepRow>(
      `select run_uid, path, number, type, first_start_number, started_at, last_start_number, attempt, end_number, end_attempt,
         outcome, reason, code, exit_code, continued_on_error, finished_at, message, output
       from run_step where run_uid = any($1) order by run_uid, number`,
      [[...runUids]],
    );
    const byRun = new Map<string, StepProgress[]>();
    for (const row of rows) {
      const steps = byRun.get(row.run_uid) ?? [];
      steps.push(toStep(row));
      byRun.set(row.run_uid, steps);
    }
    return byRun;
  }
}

function toProgress(row: RunRow): RunProgress {
  return {
    lastNumber: row.last_number,
    startedAt: row.started_at?.toISOString(),
    totalSteps: row.total_steps ?? undefined,
    restartNumber: row.restart_number ?? undefined,
    end:
      row.end_number === null || row.end_result === null
        ? undefined
        : {
            number: row.end_number,
            result: row.end_result,
            at: row.finished_at?.toISOString(),
            exitCode: row.exit_code ?? undefined,
            code: row.code ?? undefined,
            message: row.message ?? undefined,
          },
  };
}

function toStep(row: StepRow): StepProgress {
  const end = row.end_number !== null && row.outcome !== null;
  return {
    path: row.path,
    number: row.number,
    type: row.type ?? undefined,
    firstStart:
      row.first_start_number === null
        ? undefined
        : { number: row.first_start_number, at: row.started_at?.toISOString() },
    lastStart:
      row.last_start_number === null ? undefined : { number: row.last_start_number, attempt: row.attempt ?? undefined },
    end: end
      ? {
          number: row.end_number!,
          at: row.finished_at?.toISOString(),
          outcome: row.outcome!,
          reason: row.reason ?? undefined,
          code: row.code ?? undefined,
          exitCode: row.exit_code ?? undefined,
          continuedOnError: row.continued_on_error ?? undefined,
          attempt: row.end_attempt ?? undefined,
          message: row.message ?? undefined,
          output: row.output ?? undefined,
        }
      : undefined,
  };
}

function progressRow({ lastNumber, startedAt, totalSteps, restartNumber, end }: RunProgress) {
  return {
    last_number: lastNumber,
    started_at: startedAt,
    total_steps: totalSteps,
    restart_number: restartNumber,
    end_number: end?.number,
    end_result: end?.result,
    finished_at: end?.at,
    exit_code: end?.exitCode,
    code: end?.code,
    message: end?.message,
  };
}

function toRow(runUid: string, { path, number, type, firstStart, lastStart, end }: StepProgress): StepValues {
  return {
    run_uid: runUid,
    path,
    number,
    type,
    first_start_number: firstStart?.number,
    started_at: firstStart?.at,
    last_start_number: lastStart?.number,
    attempt: lastStart?.attempt,
    end_number: end?.number,
    end_attempt: end?.attempt,
    outcome: end?.outcome,
    reason: end?.reason,
    code: end?.code,
    exit_code: end?.exitCode,
    continued_on_error: end?.continuedOnError,
    finished_at: end?.at,
    message: end?.message,
    output: end?.output,
  };
}

/** The array of each column, for `STEPS`. */
function columnsOf(rows: readonly StepValues[]): SqlValue[][] {
  return STEP_NAMES.map((name) => rows.map((row) => row[name] ?? null));
}
