import type { Instruction } from './plan.js';
import type { ReportReason, StepReport } from './report.js';
import type { Observer } from './observer.js';
import type { Advance, Effect, RestartRequest, Run } from './run.js';
import { type VariableLayer, maskSecrets } from './variables.js';
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

  report(fields: ReportFields): void {
    this.run.reportNumber += 1;
    const secrets = this.run.variables.secrets;
    const { warnings, ...rest } = fields;
    const report: StepReport = { ...rest, runId: this.run.runId, number: this.run.reportNumber, at: this.now };
    if (report.message !== undefined) report.message = maskSecrets(report.message, secrets).slice(0, 4000);
    if (report.output !== undefined) report.output = maskSecrets(report.output, secrets).slice(-LIMITS.outputLength);
    if (warnings !== undefined)
      report.warnings = warnings.slice(0, 20).map((warning) => maskSecrets(warning, secrets).slice(0, 500));
    this.effects.push({ kind: 'report', report });
  }

  /** Reports every step in [from, to) as skipped. */
  reportSkipped(from: number, to: number, reason: ReportReason, why: { code?: string; message?: string } = {}): void {
    for (let position = from; position < to; position++) {
      const instruction = this.run.plan.instructions[position];
      if (!instruction?.step) continue;
      this.report({ event: 'step-finished', ...stepFields(instruction), outcome: 'skipped', reason, ...why });
    }
  }

  setAction(values: Readonly<Record<string, string>>): void {
    const action: Record<string, VariableLayer[string]> = { ...this.run.variables.action };
    for (const [name, value] of Object.entries(values)) action[name.toLowerCase()] = { name, value };
    this.run.variables = { ...this.run.variables, action };
  }
}

/** A report without what the draft adds. */
type ReportFields = Omit<StepReport, 'runId' | 'number' | 'at' | 'warnings'> & {
  readonly warnings?: readonly string[] | undefined;
};

/** The fields of a report that name a step. */
export function stepFields(instruction: Instruction): { path: string; position: number; stepType?: string } {
  return {
    path: instruction.path,
    position: instruction.position,
    ...(instruction.step ? { stepType: instruction.step.type } : {}),
  };
}

/** Removes keys without a value, so that states and reports are equal after a trip through JSON. */
export function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
