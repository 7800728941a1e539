import type { Condition } from '@muster/sequence/conditions/model.js';
import type { Truth } from '@muster/sequence/conditions/evaluate.js';
import type { Phase } from '@muster/sequence/model.js';
import type { StepEnded } from '@muster/sequence/run.js';
import type { ContentProvider } from '../runner/content-provider.js';
import type { StepVariables } from './step-variables.js';

/**
 * What an executor answers; the runner adds which step it was. Output and messages are masked by the runner. What was
 * written to `StepContext.variables` is added before `assignments`.
 */
export type StepOutcome = Omit<StepEnded, 'type' | 'position' | 'attempt'>;

/** What an executor may use. */
export interface StepContext {
  readonly content: ContentProvider;
  /** The variables of the run as this step sees them: what it writes it reads again; kept when the step ends. */
  readonly variables: StepVariables;
  /** Environment of the step's processes: `TS_<NAME>` for every variable that is not secret. */
  readonly exportedVariables: Readonly<Record<string, string>>;
  /** Replaces `%NAME%` in a text that came with content, e.g. a program's command line. Unknown names stay. */
  expand(text: string): string;
  /** Decides a condition on this computer now, as the engine would; 'unknown' when it cannot be decided. */
  decide(condition: Condition): Promise<Truth>;
  readonly phase: Phase;
  /** Texts that must not leave the step, longest first. */
  readonly secrets: readonly string[];
  readonly timeoutSeconds?: number | undefined;
  /** Success codes that the author gave the step; they win over those of a program. */
  readonly successCodes?: readonly number[] | undefined;
  /** Marks all processes of this step, so that none survives a timeout or a crash of the agent. */
  readonly marker: string;
  /** Folder that belongs to the run; the working directory of steps that name none. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Carries out one step. Never throws for what the step did; a StepError becomes a failed step with its code, any other thrown
 * error one with `step.executor-error`.
 */
export type StepExecutor = (settings: unknown, context: StepContext) => Promise<StepOutcome>;
