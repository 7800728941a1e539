import type { StepEnded } from '@muster/sequence/run.js';
import type { ContentProvider } from '../runner/content-provider.js';

/** What an executor answers; the runner adds which step it was. Output and messages are masked by the runner. */
export type StepOutcome = Omit<StepEnded, 'type' | 'position' | 'attempt'>;

/** What an executor may use. */
export interface StepContext {
  readonly content: ContentProvider;
  /** `TS_<NAME>` for every variable that is not secret. */
  readonly exportedVariables: Readonly<Record<string, string>>;
  /** Replaces `%NAME%` in a text that came with content, e.g. a program's command line. Unknown names stay. */
  expand(text: string): string;
  /** Texts that must not leave the step, longest first. */
  readonly secrets: readonly string[];
  readonly timeoutSeconds?: number | undefined;
  /** Marks all processes of this step, so that none survives a timeout or a crash of the agent. */
  readonly marker: string;
  /** Folder that belongs to the run; the working directory of steps that name none. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Carries out one step. Never throws for what the step did; a thrown error becomes a failed step all the same. */
export type StepExecutor = (settings: unknown, context: StepContext) => Promise<StepOutcome>;
