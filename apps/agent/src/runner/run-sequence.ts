import { setTimeout as delay } from 'node:timers/promises';
import { advance, replay } from '@muster/sequence/advance.js';
import type { Finding } from '@muster/sequence/findings.js';
import type { Phase, SequenceSpec } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import type {
  Effect,
  ExecuteEffect,
  JournalEntry,
  RestartRequest,
  Run,
  RunEvent,
  RunStarted,
} from '@muster/sequence/run.js';
import { isLastRestart } from '@muster/sequence/restart-request.js';
import { checkSequence } from '@muster/sequence/check-sequence.js';
import { answerProbe } from '../conditions/probes.js';
import { withFactsInspector } from '../conditions/with-facts-inspector.js';
import { JournalError } from '../journal/journal-error.js';
import { Journal } from '../journal/journal.js';
import { killMarked } from '../steps/process-tree.js';
import type { StepProgress } from '../tsenv/step-progress.js';
import type { ContentProvider } from './content-provider.js';
import { fromKept, toKept, type ToldVariables } from './kept-variables.js';
import { ComputerStepPerformer, type StepPerformer, markerOf, workFolder } from './step-performer.js';

/** How a call ended. `interrupted`: the signal was aborted; the journal waits to be resumed. */
export interface SequenceResult {
  readonly result: 'succeeded' | 'failed' | 'restart-pending' | 'interrupted';
  /** 0 on success, the failing step's exit code, 3010 for a pending restart, 130 when interrupted. */
  readonly exitCode: number;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** The pending restart has not been asked for: it may come at `lookAgain` at the earliest; undefined: nobody knows when. */
  readonly restartLater?: Omit<Extract<RestartAnswer, { kind: 'later' }>, 'kind'>;
}

/**
 * What came of asking for a restart; `pending`: the computer goes down, or somebody else has to restart it; `later`: it may not come
 * yet, and nothing was done.
 */
export type RestartAnswer =
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'later';
      readonly lookAgain: number | undefined;
      /** People at the computer put it off until then, in milliseconds since 1970. */
      readonly snoozedUntil?: number | undefined;
    }
  | { readonly kind: 'completed'; readonly phase: Phase }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export interface RunSequenceOptions {
  readonly runId: string;
  readonly sequence: { readonly name: string; readonly spec: SequenceSpec; readonly digest?: string | undefined };
  readonly children?: Readonly<Record<string, SequenceSpec>> | undefined;
  /** As the engine takes them; or as policy told them, and then secrets are in memory only: the journal holds them sealed. */
  readonly variables: RunStarted['variables'] | ToldVariables;
  readonly facts: RunStarted['facts'];
  /** Run folder: journal and lock. When it holds a journal, that run is resumed and sequence, variables and facts come from there. */
  readonly folder: string;
  /** The run is known to have begun: when its journal is gone, it must not begin again. */
  readonly begun?: boolean | undefined;
  /** Working directory of steps that name none. Default: `work` in the run folder. */
  readonly dataFolder?: string | undefined;
  readonly content: ContentProvider;
  /** Noted in the journal, so that a simulation is never resumed as a real run. */
  readonly simulated?: boolean | undefined;
  /** Pauses between tries; a simulation skips them. Default: taken. */
  readonly waits?: 'taken' | 'skipped' | undefined;
  /** Who carries out the steps. Default: this computer, for real. */
  readonly performer?: StepPerformer | undefined;
  /**
   * Called for every report, in order, after the journal holds the event it comes from. On resume all earlier reports come again with
   * the same numbers and `replayed` true: at least once, to be dropped by number.
   */
  onReport(report: StepReport, replayed: boolean): void | Promise<void>;
  /** Abort: let go now. The step's processes are killed, nothing more is written, the run can be resumed. */
  readonly signal: AbortSignal;
  /**
   * Abort: end the run as failed (`run.stopped`), e.g. its maximum run time is over. `reason` is reported. A run that only waits for
   * its last restart has done everything, and does not fail of it.
   */
  readonly stop?: AbortSignal | undefined;
  /** Abort: the same once the step at hand has ended by itself. */
  readonly stopBetweenSteps?: AbortSignal | undefined;
  /** Has the computer really restarted since? Default: a resumed run that waited for a restart goes on. */
  readonly restarted?: (() => boolean) | undefined;
  /**
   * Restarts the computer; called when the journal holds everything. Default: nobody does, the run stays pending.
   * @param last no step is left behind it
   */
  restart?(request: RestartRequest, last: boolean): Promise<RestartAnswer>;
  /** Told what a running step says of its progress, by `tsenv progress`; neither kept nor repeated. */
  onProgress?(progress: StepProgress): void;
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
  if (Journal.read(options.folder).length === 0) {
    if (options.begun)
      throw new JournalError(
        'journal.removed',
        `the run has begun, and its journal is no longer in ${options.folder}: the run cannot be continued`,
      );
    await checkSequences(options);
  }
  const { journal, entries, tornBytes } = Journal.open(options.folder);
  const driver = new Driver(options, journal);
  try {
    if (tornBytes > 0) options.onWarning?.(`the journal ended in a torn line of ${tornBytes} bytes, which was cut off`);
    if (entries.length === 0) await driver.start();
    else await driver.resume(entries);
    return await driver.drive();
  } finally {
    driver.close();
    journal.close();
  }
}

async function checkSequences({ sequence, children = {} }: RunSequenceOptions): Promise<void> {
  const all = await withFactsInspector((inspect) => [
    ...checkSequence(sequence.spec, '/spec', inspect),
    ...Object.entries(children).flatMap(([name, spec]) => checkSequence(spec, `/children/${name}`, inspect)),
  ]);
  const findings = all.filter((finding) => finding.severity === 'error');
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
  private readonly performer: StepPerformer;
  private readonly told: ToldVariables | undefined;

  constructor(
    private readonly options: RunSequenceOptions,
    private readonly journal: Journal,
  ) {
    const { content, dataFolder, folder, variables } = options;
    this.told = 'told' in variables ? variables : undefined;
    this.performer =
      options.performer ??
      new ComputerStepPerformer({
        content,
        folder: dataFolder ?? workFolder(folder),
        probe: answerProbe,
        onProgress: (progress) => options.onProgress?.(progress),
      });
  }

  async start(): Promise<void> {
    const { runId, sequence, children, facts, simulated } = this.options;
    const { variables: given } = this.options;
    const variables = 'told' in given ? await given.open(given.told) : given;
    const optional = { ...(children ? { children } : {}), ...(simulated ? { simulated } : {}) };
    this.take({ type: 'run-started', runId, sequence, ...optional, variables, facts });
    await this.commit();
  }

  async resume(entries: readonly JournalEntry[]): Promise<void> {
    const { run, effects, reports } = replay(await fromKept(entries, this.told));
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
      const limit = this.run && isLastRestart(this.run) ? undefined : this.options.stop;
      const stop = [limit, this.options.stopBetweenSteps].find((one) => one?.aborted);
      if (stop && this.run?.stopping === undefined && this.run?.awaiting.kind !== 'nothing') {
        this.take({ type: 'stop-requested', reason: String(stop.reason) });
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
        const pending = await this.restart(effect);
        if (pending) return { result: 'restart-pending', exitCode: 3010, ...pending };
      } else if (effect.kind === 'probe') {
        // Asking may take long, and a step that has ended must not look as if it were in flight.
        await this.commit();
        const answers = await this.performer.probe(effect.questions);
        this.take({ type: 'probe-answered', position: effect.position, answers });
      } else if (effect.kind === 'wait') {
        await this.commit();
        if (!(await this.wait(effect.since, effect.seconds))) continue;
        this.take({ type: 'wait-elapsed' });
      } else if (effect.kind === 'execute') {
        if (!(await this.execute(effect))) return this.interrupted();
      }
    }
  }

  close(): void {
    this.performer.close?.();
  }

  /** Undefined: the run goes on at once. */
  private async restart(request: RestartRequest): Promise<Pick<SequenceResult, 'restartLater'> | undefined> {
    const resumed = this.resumedRestart;
    this.resumedRestart = false;
    if (resumed && (this.options.restarted?.() ?? true)) {
      this.take({ type: 'restart-completed', phase: this.options.facts.phase });
      return undefined;
    }
    await this.commit();
    const last = this.run !== undefined && isLastRestart(this.run);
    const answer = (await this.options.restart?.(request, last)) ?? { kind: 'pending' };
    if (answer.kind === 'completed') this.take({ type: 'restart-completed', phase: answer.phase });
    else if (answer.kind === 'refused')
      this.take({ type: 'restart-refused', code: answer.code, message: answer.message });
    if (answer.kind === 'later') {
      const { kind: _, ...later } = answer;
      return { restartLater: later };
    }
    return answer.kind === 'pending' ? {} : undefined;
  }

  /** False when the step was let go because of the signal: its end is not written. */
  private async execute(effect: ExecuteEffect): Promise<boolean> {
    const { position, attempt } = effect;
    this.take({ type: 'step-started', position, attempt });
    await this.commit();
    const { signal, stop } = this.options;
    if (!this.run) throw new Error('no run');
    const ended = await this.performer.perform(effect, this.run, stop ? AbortSignal.any([signal, stop]) : signal);
    if (signal.aborted && ended.error?.code === 'step.stopped') return false;
    if (stop?.aborted) this.take({ type: 'stop-requested', reason: String(stop.reason) });
    const warnings = [...effect.warnings, ...(ended.warnings ?? [])];
    this.take({ type: 'step-ended', position, attempt, ...ended, ...(warnings.length > 0 ? { warnings } : {}) });
    return true;
  }

  /** True when the time is over; false when something else has to be looked at. */
  private async wait(since: string, seconds: number): Promise<boolean> {
    const { signal, stop, stopBetweenSteps, waits } = this.options;
    if (waits === 'skipped') return true;
    // A clock that was set back must not make a wait longer than it was meant.
    const left = Math.min(seconds * 1000, Date.parse(since) + seconds * 1000 - Date.parse(this.now()));
    if (!(left > 0)) return true;
    const early = AbortSignal.any([signal, stop, stopBetweenSteps].filter((one) => one !== undefined));
    return delay(left, true, { signal: early }).catch(() => false);
  }

  private take(event: RunEvent): void {
    const at = this.now();
    const { run, effects } = advance(this.run, event, at);
    this.run = run;
    this.unwritten.push({ at, event: toKept(event, this.told) });
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
