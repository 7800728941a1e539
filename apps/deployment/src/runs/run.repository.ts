import type { RunSpec } from '@muster/contracts/kinds/run.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { RunProgress, StepProgress } from './run-progress.js';

interface RunRow {
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

/** Runs and their steps. */
export class RunRepository {
  async find(
    tx: Transaction,
    uid: string,
  ): Promise<{ deviceUid: string; deploymentUid: string; progress: RunProgress } | undefined> {
    const [row] = await tx.prepared<RunRow>(
      'progress of a run',
      `select device_uid, deployment_uid, last_number, started_at, total_steps, restart_number, end_number, end_result,
         finished_at, exit_code, code, message from run where uid = $1 for update`,
      [uid],
    );
    return row && { deviceUid: row.device_uid, deploymentUid: row.deployment_uid, progress: toProgress(row) };
  }

  /** Looks the names up: objects of today, deleted deployments, and what earlier runs of the device say. */
  async names(tx: Transaction, deviceUid: string, deploymentUid: string): Promise<KnownNames> {
    const [row] = await tx.prepared<KnownNames>(
      'names for a run',
      `select
         coalesce((select name from device where uid = $1),
                  (select device from run where device_uid = $1 order by arrival desc limit 1)) as device,
         known.name as deployment, known.sequence, known.digest as "sequenceDigest"
       from (select 1) as always left join lateral (
         select name, sequence, status ->> 'sequenceDigest' as digest from deployment where uid = $2
         union all
         select name, sequence, sequence_digest from past_deployment where uid = $2
         limit 1
       ) as known on true`,
      [deviceUid, deploymentUid],
    );
    return row ?? { device: null, deployment: null, sequence: null, sequenceDigest: null };
  }

  /** Makes the row of a run, under the short name unless another run has it. */
  async insert(tx: Transaction, uid: string, names: { short: string; long: string }, spec: RunSpec): Promise<void> {
    await tx.prepared(
      'make a run',
      `insert into run (uid, name, labels, resource_version, device, device_uid, deployment, deployment_uid, sequence, sequence_digest)
       values ($1, case when exists (select 1 from run where name = $2) then $3 else $2 end, $4,
         nextval('resource_version'), $5, $6, $7, $8, $9, $10)`,
      [
        uid,
        names.short,
        names.long,
        JSON.stringify({ deployment: spec.deployment, device: spec.device }),
        spec.device,
        spec.deviceUid,
        spec.deployment,
        spec.deploymentUid,
        spec.sequence,
        spec.sequenceDigest,
      ],
    );
  }

  async saveProgress(tx: Transaction, uid: string, progress: RunProgress): Promise<void> {
    const { end } = progress;
    await tx.prepared(
      'save the progress of a run',
      `update run set last_number = $2, started_at = $3, total_steps = $4, restart_number = $5, end_number = $6,
         end_result = $7, finished_at = $8, exit_code = $9, code = $10, message = $11,
         resource_version = nextval('resource_version'), updated_at = now()
       where uid = $1`,
      [
        uid,
        progress.lastNumber,
        progress.startedAt ?? null,
        progress.totalSteps ?? null,
        progress.restartNumber ?? null,
        end?.number ?? null,
        end?.result ?? null,
        end?.at ?? null,
        end?.exitCode ?? null,
        end?.code ?? null,
        end?.message ?? null,
      ],
    );
  }

  async saveSteps(tx: Transaction, uid: string, steps: Iterable<StepProgress>): Promise<void> {
    const rows = [...steps].map(toRow);
    if (rows.length === 0) return;
    await tx.prepared(
      'save steps of a run',
      `insert into run_step (run_uid, path, number, type, first_start_number, started_at, last_start_number, attempt,
         end_number, end_attempt, outcome, reason, code, exit_code, continued_on_error, finished_at, message, output)
       select $1, path, number, type, first_start_number, started_at, last_start_number, attempt,
         end_number, end_attempt, outcome, reason, code, exit_code, continued_on_error, finished_at, message, output
       from jsonb_to_recordset($2) as step (path text, number bigint, type text, first_start_number bigint,
         started_at timestamptz, last_start_number bigint, attempt bigint, end_number bigint, end_attempt bigint, outcome text, reason text,
         code text, exit_code bigint, continued_on_error boolean, finished_at timestamptz, message text, output text)
       on conflict (run_uid, path_key) do update set number = excluded.number, type = excluded.type,
         first_start_number = excluded.first_start_number, started_at = excluded.started_at,
         last_start_number = excluded.last_start_number, attempt = excluded.attempt, end_number = excluded.end_number,
         end_attempt = excluded.end_attempt,
         outcome = excluded.outcome, reason = excluded.reason, code = excluded.code, exit_code = excluded.exit_code,
         continued_on_error = excluded.continued_on_error, finished_at = excluded.finished_at,
         message = excluded.message, output = excluded.output`,
      [uid, JSON.stringify(rows)],
    );
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

function toRow({ path, number, type, firstStart, lastStart, end }: StepProgress): Omit<
  StepRow,
  'run_uid' | 'started_at' | 'finished_at'
> & {
  started_at: string | null;
  finished_at: string | null;
} {
  return {
    path,
    number,
    type: type ?? null,
    first_start_number: firstStart?.number ?? null,
    started_at: firstStart?.at ?? null,
    last_start_number: lastStart?.number ?? null,
    attempt: lastStart?.attempt ?? null,
    end_number: end?.number ?? null,
    end_attempt: end?.attempt ?? null,
    outcome: end?.outcome ?? null,
    reason: end?.reason ?? null,
    code: end?.code ?? null,
    exit_code: end?.exitCode ?? null,
    continued_on_error: end?.continuedOnError ?? null,
    finished_at: end?.at ?? null,
    message: end?.message ?? null,
    output: end?.output ?? null,
  };
}
