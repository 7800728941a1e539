import { LIMITS } from '@muster/sequence/limits.js';
import { isRestartExitCode, isSuccess } from '@muster/sequence/restart-request.js';
import { reasonOf } from '../../journal/journal-error.js';
import { ContentError } from '../../runner/content-provider.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { StepError } from '../step-error.js';
import type { StepFailure } from './run-program.js';

/** What a step that works through a list has done so far, and the outcome that follows. */
export class ListOutcome {
  private readonly lines: string[] = [];
  private readonly warnings: string[] = [];
  private restartExitCode: number | undefined;

  constructor(private readonly context: StepContext) {}

  /** One line for the report. */
  tell(line: string): void {
    this.lines.push(line);
  }

  warn(line: string): void {
    this.warnings.push(line);
  }

  /** Remembers that a program asks for a restart. */
  noteExitCode(exitCode: number): void {
    if (isRestartExitCode(exitCode)) this.restartExitCode = exitCode;
  }

  get hasWarnings(): boolean {
    return this.warnings.length > 0;
  }

  /**
   * The list is done. A restart that a program asked for comes now, once: as exit code 3010 or 1641, or where the step's success
   * codes do not have that, through SMSTSRebootRequested.
   */
  succeeded(): StepOutcome {
    const own = this.context.successCodes;
    const wanted = this.restartExitCode ?? 0;
    const fits = own === undefined || isSuccess(wanted, own);
    if (!fits && this.restartExitCode !== undefined) this.requestRestart();
    const exitCode = fits ? wanted : own.includes(0) ? 0 : (own[0] ?? 0);
    return { exitCode, successCodes: [exitCode], ...this.texts() };
  }

  /** The step fails; a restart that was asked for still comes where a node continues on error. */
  failed(failure: StepFailure): StepOutcome {
    if (this.restartExitCode !== undefined) this.requestRestart();
    const { code, message, exitCode } = failure;
    return { error: { code, message }, ...(exitCode === undefined ? {} : { exitCode }), ...this.texts() };
  }

  private requestRestart(): void {
    this.context.variables.set('SMSTSRebootRequested', 'HD');
  }

  private texts(): StepOutcome {
    const output = this.lines.join('\n').slice(-LIMITS.outputLength);
    return {
      ...(output === '' ? {} : { output }),
      ...(this.warnings.length > 0 ? { warnings: this.warnings } : {}),
    };
  }
}

/** A failure with a code of its own as a value; anything else, and the end of the run, is thrown on. */
export async function attempt<T>(
  context: StepContext,
  act: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly failure: StepFailure }> {
  context.signal.throwIfAborted();
  try {
    return { value: await act() };
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (!(error instanceof ContentError || error instanceof StepError)) throw error;
    return { failure: { code: error.code, message: reasonOf(error) } };
  }
}
