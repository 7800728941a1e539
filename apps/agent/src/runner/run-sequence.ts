import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { advance, replay } from '@muster/sequence/advance.js';
import { expand } from '@muster/sequence/expand.js';
import type { Finding } from '@muster/sequence/findings.js';
import type { Phase, SequenceSpec } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import type { Effect, ExecuteEffect, JournalEntry, Run, RunEvent, RunStarted } from '@muster/sequence/run.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { exportedEnvironment, maskSecrets } from '@muster/sequence/variables.js';
import { reasonOf } from '../journal/journal-error.js';
import { makeFolder } from '../journal/make-folder.js';
import { Journal } from '../journal/journal.js';
import type { StepOutcome } from '../steps/executor.js';
import { EXECUTORS } from '../steps/executors.js';
import { killMarked } from '../steps/process-tree.js';
import { ContentError, type ContentProvider } from './content-provider.js';

/** How a call ended. `interrupted`: the signal was aborted; the journal waits to be resumed. */
export interface SequenceResult {
  readonly result: 'succeeded' | 'failed' | 'restart-pending' | 'interrupted';
  /** 0 on success, the failing step's exit code, 3010 for a pending restart, 130 when interrupted. */
  readonly exitCode: number;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

export interface RunSequenceOptions {
  readonly runId: string;
  readonly sequence: { readonly name: string; readonly spec: SequenceSpec; readonly digest?: string | undefined };
  readonly children?: Readonly<Record<string, SequenceSpec>> | undefined;
  readonly variables: RunStarted['variables'];
  readonly facts: RunStarted['facts'];
  /** Run folder: journal and lock. When it holds a journal, that run is resumed and sequence, variables and facts come from there. */
  readonly folder: string;
  /** Working directory of steps that name none. Default: `work` in the run folder. */
  readonly dataFolder?: string | undefined;
  readonly content: ContentProvider;
  /**
   * Called for every report, in order, after the journal holds the event it comes from. On resume all earlier reports come again with
   * the same numbers and `replayed` true: at least once, to be dropped by number.
   */
  onReport(report: StepReport, replayed: boolean): void | Promise<void>;
  /** Abort: let go now. The step's processes are killed, nothing more is written, the run can be resumed. */
  readonly signal: AbortSignal;
  /** Abort: end the run as failed (`run.stopped`), e.g. its maximum run time is over. `reason` is reported. */
  readonly stop?: AbortSignal | undefined;
  /** Has the computer really restarted since? Default: a resumed run that waited for a restart goes on. */
  readonly restarted?: (() => boolean) | undefined;
  /** Told when a torn last line was cut off the journal. */
  onWarning?(message: string): void;
  readonly clock?: (() => string) | undefined;
}

/** A document that cannot be run: all findings. */
export class InvalidSequenceError extends Error {
  override readonly name = 'InvalidSequenceError';
  readonly code = 'sequence.invalid';

  constructor(readonly findings: readonly Finding[]) {
    super(
      `the task sequence has ${findings.length} error(s): ${findings.map((f) => `${f.path} ${f.message}`).join('; ')}`,
    );
  }
}

/**
 * Runs a sequence on this computer, or resumes the one whose journal is in `folder`.
 * @throws InvalidSequenceError before anything is written; JournalError when the folder cannot be used.
 */
export async function runSequence(options: RunSequenceOptions): Promise<SequenceResult> {
  if (Journal.read(options.folder).length === 0) checkSequences(options);
  const { journal, entries, tornBytes } = Journal.open(options.folder);
  try {
    if (tornBytes > 0) options.onWarning?.(`the journal ended in a torn line of ${tornBytes} bytes, which was cut off`);
    const driver = new Driver(options, journal);
    if (entries.length === 0) await driver.start();
    else await driver.resume(entries);
    return await driver.drive();
  } finally {
    journal.close();
  }
}

function checkSequences(options: RunSequenceOptions): void {
  const findings = [
    ...validateSequence(options.sequence.spec),
    ...Object.entries(options.children ?? {}).flatMap(([name, spec]) => validateSequence(spec, `/children/${name}`)),
  ].filter((finding) => finding.severity === 'error');
  if (findings.length > 0) throw new InvalidSequenceError(findings);
}

/** Feeds the engine: journals events, hands out reports, carries out the one effect that is owed. */
class Driver {
  private run: Run | undefined;
  private owed: Effect | undefined;
  /** Events the engine has taken and the disk has not; written together with the next `step-started`. */
  private unwritten: JournalEntry[] = [];
  private unreported: StepReport[] = [];
  private resumedRestart = false;

  constructor(
    private readonly options: RunSequenceOptions,
    private readonly journal: Journal,
  ) {}

  async start(): Promise<void> {
    const { runId, sequence, children, variables, facts } = this.options;
    this.take({ type: 'run-started', runId, sequence, ...(children ? { children } : {}), variables, facts });
    await this.commit();
  }

  async resume(entries: readonly JournalEntry[]): Promise<void> {
    const { run, effects, reports } = replay(entries);
    this.run = run;
    this.owed = effects[0];
    this.resumedRestart = run?.awaiting.kind === 'restart';
    for (const report of reports) await this.options.onReport(report, true);
    if (run?.awaiting.kind === 'step-end') {
      // Whatever is left of the step must be gone before it runs again, or before the next one does.
      await killMarked(markerOf(run));
      this.take({ type: 'interrupted', position: run.pointer });
    }
  }

  async drive(): Promise<SequenceResult> {
    for (;;) {
      if (this.options.stop?.aborted && this.run?.stopping === undefined && this.run?.awaiting.kind !== 'nothing') {
        this.take({ type: 'stop-requested', reason: String(this.options.stop.reason) });
      }
      const effect = this.owed;
      if (!effect) throw new Error('the engine owes nothing and has not finished');
      if (effect.kind === 'finished') {
        await this.commit();
        const { kind: _, ...finished } = effect;
        return finished;
      }
      if (this.options.signal.aborted) return this.interrupted();
      if (effect.kind === 'restart') {
        if (!this.mayGoOn()) {
          await this.commit();
          return { result: 'restart-pending', exitCode: 3010 };
        }
        this.take({ type: 'restart-completed', phase: this.options.facts.phase satisfies Phase });
      } else if (effect.kind === 'wait') {
        await this.commit();
        if (!(await this.wait(effect.since, effect.seconds))) continue;
        this.take({ type: 'wait-elapsed' });
      } else if (effect.kind === 'execute') {
        if (!(await this.execute(effect))) return this.interrupted();
      }
    }
  }

  private mayGoOn(): boolean {
    const resumed = this.resumedRestart;
    this.resumedRestart = false;
    return resumed && (this.options.restarted?.() ?? true);
  }

  /** False when the step was let go because of the signal: its end is not written. */
  private async execute(effect: ExecuteEffect): Promise<boolean> {
    const { position, attempt } = effect;
    this.take({ type: 'step-started', position, attempt });
    await this.commit();
    const { signal, stop } = this.options;
    const ended = await this.perform(effect, stop ? AbortSignal.any([signal, stop]) : signal);
    if (signal.aborted && ended.error?.code === 'step.stopped') return false;
    if (stop?.aborted) this.take({ type: 'stop-requested', reason: String(stop.reason) });
    this.take({ type: 'step-ended', position, attempt, ...ended });
    return true;
  }

  private async perform(effect: ExecuteEffect, signal: AbortSignal): Promise<StepOutcome> {
    const run = this.run;
    const executor = Object.hasOwn(EXECUTORS, effect.stepType) ? EXECUTORS[effect.stepType] : undefined;
    if (!run || !executor)
      return { error: { code: 'step.type-unsupported', message: `this agent cannot execute ${effect.stepType}` } };
    try {
      const folder = this.options.dataFolder ?? join(this.options.folder, 'work');
      makeFolder(folder);
      const outcome = await executor(effect.settings, {
        content: this.options.content,
        exportedVariables: exportedEnvironment(run.variables),
        expand: (text) => expand(text, { store: run.variables, environment: run.environment }, 'literal').text,
        secrets: effect.secrets,
        timeoutSeconds: effect.timeoutSeconds,
        marker: markerOf(run),
        folder,
        signal,
      });
      return outcome.error
        ? { ...outcome, error: { ...outcome.error, message: maskSecrets(outcome.error.message, effect.secrets) } }
        : outcome;
    } catch (error) {
      if (signal.aborted) return { error: { code: 'step.stopped', message: 'stopped' } };
      const code = error instanceof ContentError ? error.code : 'step.executor-error';
      const message = maskSecrets(reasonOf(error), effect.secrets);
      return { error: { code, message } };
    }
  }

  /** True when the time is over; false when something else has to be looked at. */
  private async wait(since: string, seconds: number): Promise<boolean> {
    const { signal, stop } = this.options;
    // A clock that was set back must not make a wait longer than it was meant.
    const left = Math.min(seconds * 1000, Date.parse(since) + seconds * 1000 - Date.parse(this.now()));
    if (!(left > 0)) return true;
    return delay(left, true, { signal: stop ? AbortSignal.any([signal, stop]) : signal }).catch(() => false);
  }

  private take(event: RunEvent): void {
    const at = this.now();
    const { run, effects } = advance(this.run, event, at);
    this.run = run;
    this.unwritten.push({ at, event });
    for (const effect of effects) if (effect.kind === 'report') this.unreported.push(effect.report);
    // No new effect (step-started): the one at hand stays owed.
    this.owed = effects.find((effect) => effect.kind !== 'report') ?? this.owed;
  }

  /** Makes everything taken so far durable, then tells it. */
  private async commit(): Promise<void> {
    this.journal.append(this.unwritten);
    this.unwritten = [];
    const reports = this.unreported;
    this.unreported = [];
    for (const report of reports) await this.options.onReport(report, false);
  }

  private async interrupted(): Promise<SequenceResult> {
    await this.commit();
    return {
      result: 'interrupted',
      exitCode: 130,
      code: 'run.interrupted',
      message: 'interrupted; the run can be resumed',
    };
  }

  private now(): string {
    return this.options.clock?.() ?? new Date().toISOString();
  }
}

/** The same for every try of a step after a crash, so that a resumed run finds what is left of it. */
function markerOf(run: Run): string {
  return `${run.runId}:${run.pointer}`;
}
