import type { RunStatus, RunStep } from '@muster/contracts/kinds/run.js';
import type { StepReport } from '@muster/sequence/report.js';
import { toInstant } from '../instant.js';

/** What reports say of one step. Every field depends on the set of reports only, never on their order. */
export interface StepProgress {
  path: string;
  /** Number of its first report: the order of steps, and the step's own number. */
  number: number;
  type?: string | undefined;
  /** The first start, and the last: retries and repetitions after a restart lie between. */
  firstStart?: { number: number; at: string | undefined } | undefined;
  lastStart?: { number: number; attempt: number | undefined } | undefined;
  end?: StepEnd | undefined;
}

interface StepEnd {
  number: number;
  at: string | undefined;
  outcome: 'succeeded' | 'failed' | 'skipped';
  reason?: string | undefined;
  code?: string | undefined;
  exitCode?: number | undefined;
  continuedOnError?: boolean | undefined;
  attempt?: number | undefined;
  message?: string | undefined;
  output?: string | undefined;
}

/** What reports say of a run as a whole. */
export interface RunProgress {
  /** The highest number seen. */
  lastNumber: number;
  startedAt?: string | undefined;
  totalSteps?: number | undefined;
  /** The last time it asked for a restart. */
  restartNumber?: number | undefined;
  end?:
    | {
        number: number;
        result: 'succeeded' | 'failed';
        at: string | undefined;
        exitCode?: number | undefined;
        code?: string | undefined;
        message?: string | undefined;
      }
    | undefined;
}

export const NOTHING_HEARD: RunProgress = { lastNumber: 0 };

/**
 * Adds reports to what is known. Reports may come late, twice and in any order: the same set gives the same result, and
 * an end stays an end. `changed` are the steps that the reports changed, as they are now.
 */
export function applyReports(
  run: RunProgress,
  steps: ReadonlyMap<string, StepProgress>,
  reports: readonly StepReport[],
): { run: RunProgress; changed: Map<string, StepProgress> } {
  let progress = run;
  const changed = new Map<string, StepProgress>();
  for (const report of reports) {
    if (report.number > progress.lastNumber) progress = { ...progress, lastNumber: report.number };
    if (report.event === 'run-started') {
      progress = { ...progress, startedAt: toInstant(report.at), totalSteps: report.total };
    } else if (report.event === 'run-finished') {
      progress = finishRun(progress, report);
    } else if (report.path !== undefined) {
      const before = changed.get(report.path) ?? steps.get(report.path);
      const after = addToStep(before ?? { path: report.path, number: report.number }, report);
      if (after !== before) changed.set(report.path, after);
    }
  }
  return { run: progress, changed };
}

/** The state of a run. It never leaves succeeded and failed. */
export function runState(run: RunProgress): RunStatus['state'] {
  if (run.end) return run.end.result;
  return run.restartNumber === run.lastNumber ? 'restart-pending' : 'running';
}

/** A step as the resource shows it. */
export function toRunStep(step: StepProgress): RunStep {
  const { firstStart, lastStart, type } = step;
  // A start after the last end means that it runs again.
  const end = step.end && step.end.number > (lastStart?.number ?? 0) ? step.end : undefined;
  return compact({
    number: step.number,
    path: step.path,
    type,
    state: end?.outcome ?? 'running',
    reason: end?.reason,
    exitCode: end?.exitCode,
    continuedOnError: end?.continuedOnError,
    attempt: end?.attempt ?? lastStart?.attempt,
    startedAt: firstStart?.at,
    finishedAt: end?.at,
    message: end?.message,
    output: end?.output,
  });
}

function finishRun(run: RunProgress, report: StepReport): RunProgress {
  const { number, result } = report;
  if (result === 'restart-pending') return { ...run, restartNumber: Math.max(number, run.restartNumber ?? 0) };
  if (result === undefined || number <= (run.end?.number ?? 0)) return run;
  const { exitCode, code, message } = report;
  return { ...run, end: { number, result, at: toInstant(report.at), exitCode, code, message } };
}

/** The same object when the report says nothing new. */
function addToStep(step: StepProgress, report: StepReport): StepProgress {
  const { number } = report;
  const next: StepProgress = { ...step, number: Math.min(step.number, number), type: step.type ?? report.stepType };
  let news = next.number !== step.number || next.type !== step.type;
  if (report.event === 'step-started') {
    if (number < (step.firstStart?.number ?? Infinity)) {
      next.firstStart = { number, at: toInstant(report.at) };
      news = true;
    }
    if (number > (step.lastStart?.number ?? 0)) {
      next.lastStart = { number, attempt: report.attempt };
      news = true;
    }
  } else if (report.outcome !== undefined && number > (step.end?.number ?? 0)) {
    const { outcome, reason, code, exitCode, continuedOnError, attempt, message, output } = report;
    next.end = {
      number,
      at: toInstant(report.at),
      outcome,
      reason,
      code,
      exitCode,
      continuedOnError,
      attempt,
      message,
      output,
    };
    news = true;
  }
  return news ? next : step;
}

function compact<Value extends object>(value: Value): Value {
  const kept = {} as Value;
  for (const name in value) if (value[name] !== undefined) kept[name] = value[name];
  return kept;
}
