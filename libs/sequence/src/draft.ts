import type { Instruction } from './plan.js';
import type { ReportReason, StepReport } from './report.js';
import type { Observer } from './observer.js';
import type { Advance, Effect, RestartRequest, Run } from './run.js';
import { maskSecrets } from './variables.js';
import { LIMITS } from './limits.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What became of a step, before continue on error is looked at. */
export interface StepResult {
  readonly succeeded: boolean;
  readonly reason?: ReportReason | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly output?: string | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** A restart that the step asked for itself. */
  readonly restart?: RestartRequest | undefined;
  /** Not even an enclosing group with continue on error absorbs this failure. */
  readonly fatal?: boolean | undefined;
}

/**
 * One call of `advance` in the making: a shallow copy of the run whose fields are replaced, never what they hold,
 * and the effects so far.
 */
export class Draft {
  readonly run: Mutable<Run>;
  private readonly effects: Effect[] = [];

  constructor(
    run: Run,
    readonly now: string,
    readonly observer?: Observer,
  ) {
    this.run = { ...run };
  }

  /** The state and the effects; the draft must not be used afterwards. */
  done(): Advance {
    return { run: this.run, effects: this.effects };
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Numbers and masks a report and gives it out. The object given must be the caller's own: it becomes the report. */
  report(fields: NewReport): void {
    const { run } = this;
    const { secrets } = run.variables;
    run.reportNumber += 1;
    const report = fields as StepReport;
    report.runId = run.runId;
    report.number = run.reportNumber;
    report.at = this.now;
    if (report.message !== undefined) report.message = maskSecrets(report.message, secrets).slice(0, 4000);
    if (report.output !== undefined) report.output = maskSecrets(report.output, secrets).slice(-LIMITS.outputLength);
    if (report.warnings !== undefined)
      report.warnings = report.warnings.slice(0, 20).map((warning) => maskSecrets(warning, secrets).slice(0, 500));
    this.effects.push({ kind: 'report', report });
  }

  /** Reports every step in [from, to) as skipped. */
  reportSkipped(from: number, to: number, reason: ReportReason, why?: { code: string; message: string }): void {
    for (let position = from; position < to; position++) {
      const instruction = this.run.plan.instructions[position];
      if (!instruction?.step) continue;
      const report = newStepReport('step-finished', instruction);
      report.outcome = 'skipped';
      report.reason = reason;
      if (why) {
        report.code = why.code;
        report.message = why.message;
      }
      this.report(report);
    }
  }

  /** The step that runs now. */
  setCurrentAction(name: string): void {
    const { variables } = this.run;
    const current = { name: '_SMSTSCurrentActionName', value: name };
    this.run.variables = { ...variables, action: { ...variables.action, _smstscurrentactionname: current } };
  }

  /** The last-action variables (sequence-model.md section 7.1). */
  setLastAction(name: string, exitCode: number, succeeded: boolean): void {
    const { variables } = this.run;
    this.run.variables = {
      ...variables,
      action: {
        ...variables.action,
        _smstslastactionname: { name: '_SMSTSLastActionName', value: name },
        _smstslastactionretcode: { name: '_SMSTSLastActionRetCode', value: String(exitCode) },
        _smstslastactionsucceeded: { name: '_SMSTSLastActionSucceeded', value: String(succeeded) },
      },
    };
  }
}

/** A report before it has its run, number and time. */
export type NewReport = Omit<StepReport, 'runId' | 'number' | 'at'>;

/** A report about one node. */
export function newStepReport(event: StepReport['event'], { path, position, step }: Instruction): NewReport {
  return step ? { event, path, position, stepType: step.type } : { event, path, position };
}

/** A copy without the keys that have no value, so that states and reports are equal after a trip through JSON. */
export function compact<T extends object>(value: T): T {
  const copy: Partial<T> = {};
  for (const key in value) if (value[key] !== undefined) copy[key] = value[key];
  return copy as T;
}
