import type { CollectionVariables } from './collection-variables.js';
import type { ProbeAnswer, WorldExpression } from './conditions/model.js';
import type { Phase, SequenceSpec } from './model.js';
import type { Plan } from './plan.js';
import type { RunResult, StepReport } from './report.js';
import type { Assignment, VariableInput, VariableStore } from './variables.js';

/** First event of every run. Carries everything, so that a replay needs nothing else. */
export interface RunStarted {
  readonly type: 'run-started';
  readonly runId: string;
  readonly sequence: { readonly name: string; readonly digest?: string | undefined; readonly spec: SequenceSpec };
  /** Child sequences by name, as merged when the policy was built. */
  readonly children?: Readonly<Record<string, SequenceSpec>> | undefined;
  /** Outcomes come from a table, nothing is executed. */
  readonly simulated?: boolean | undefined;
  readonly variables: {
    readonly media?: VariableInput | undefined;
    readonly device?: VariableInput | undefined;
    readonly collection?: VariableInput | undefined;
    /** Each collection of the device with its priority; merged over `collection`. */
    readonly collections?: readonly CollectionVariables[] | undefined;
    /** Secrets of steps, by the names that stand for them in the sequences (`edit/sealed-reference.ts`). */
    readonly secrets?: Readonly<Record<string, string>> | undefined;
  };
  readonly facts: {
    readonly phase: Phase;
    /** Read-only variables such as `_SMSTSMachineName`. `_SMSTSInWinPE` follows from the phase. */
    readonly readOnly?: Readonly<Record<string, string>> | undefined;
    /** Of runs on paper: read-only variables of which only the run itself will know whether they exist. Conditions on them are undecided. */
    readonly knownWhenItRuns?: readonly string[] | undefined;
    /** Process environment for `%NAME%`; only names the sequence mentions (`mentionedVariables`). */
    readonly environment?: Readonly<Record<string, string>> | undefined;
    /** The program that runs first has succeeded on this computer, and need not run always. */
    readonly firstProgramDone?: boolean | undefined;
  };
}

/** The computer's answers to a `probe` effect, in the order of its questions. */
export interface ProbeAnswered {
  readonly type: 'probe-answered';
  readonly position: number;
  readonly answers: readonly ProbeAnswer[];
}

/** The driver is about to act on an `execute` effect. Journaled before the act. */
export interface StepStarted {
  readonly type: 'step-started';
  readonly position: number;
  readonly attempt: number;
}

/** The executor is done. Without `error`, `exitCode` decides; `output` must be masked and bounded already. */
export interface StepEnded {
  readonly type: 'step-ended';
  readonly position: number;
  readonly attempt: number;
  readonly exitCode?: number | undefined;
  readonly assignments?: readonly Assignment[] | undefined;
  readonly output?: string | undefined;
  /** Things to tell that are no failure. */
  readonly warnings?: readonly string[] | undefined;
  readonly error?:
    | { readonly code: string; readonly message: string; readonly ignoreContinueOnError?: boolean | undefined }
    | undefined;
  /** Success codes of the program that ran; a list on the step itself wins. */
  readonly successCodes?: readonly number[] | undefined;
}

/** After a crash the driver found a step that was started and never ended. */
export interface Interrupted {
  readonly type: 'interrupted';
  readonly position: number;
}

/** The pause of a `wait` effect is over. */
export interface WaitElapsed {
  readonly type: 'wait-elapsed';
}

/** The computer is back from a restart the engine asked for. */
export interface RestartCompleted {
  readonly type: 'restart-completed';
  readonly phase: Phase;
}

/**
 * The computer cannot be restarted into the target, or would not find the run again: nothing bootable, no place to keep the
 * journal. The run fails; continue on error has no say.
 */
export interface RestartRefused {
  readonly type: 'restart-refused';
  readonly code: string;
  readonly message: string;
}

/** Somebody with the right to do so wants the run to end. A step in flight must still be ended by `step-ended`. */
export interface StopRequested {
  readonly type: 'stop-requested';
  readonly reason: string;
}

/** Everything that can happen to a run. The journal is the list of these. */
export type RunEvent =
  | RunStarted
  | ProbeAnswered
  | StepStarted
  | StepEnded
  | Interrupted
  | WaitElapsed
  | RestartCompleted
  | RestartRefused
  | StopRequested;

/** Ask the computer, then send `probe-answered`. Nothing is changed by asking, so it may be asked twice. */
export interface ProbeEffect {
  readonly kind: 'probe';
  readonly position: number;
  /** Variables in paths are replaced already. */
  readonly questions: readonly WorldExpression[];
}

/** Carry out one step. Journal `step-started` first. */
export interface ExecuteEffect {
  readonly kind: 'execute';
  readonly position: number;
  readonly path: string;
  readonly name: string;
  readonly stepType: string;
  /** Checked by the type's schema after expansion. May contain secrets: never log it. */
  readonly settings: unknown;
  readonly attempt: number;
  readonly timeoutSeconds?: number | undefined;
  /** Texts that must not appear in output or messages, longest first. */
  readonly secrets: readonly string[];
  /** E.g. names nobody defined. */
  readonly warnings: readonly string[];
}

/** Do nothing until `seconds` after `since`, then send `wait-elapsed`. */
export interface WaitEffect {
  readonly kind: 'wait';
  readonly since: string;
  readonly seconds: number;
}

export interface ReportEffect {
  readonly kind: 'report';
  readonly report: StepReport;
}

/** How a restart is to be done. */
export interface RestartRequest {
  readonly target: Phase;
  /** Time to warn whoever sits there; 0 is at once and without a word. */
  readonly delaySeconds: number;
  readonly message?: string | undefined;
}

/** Restart the computer into `target`, then send `restart-completed`; or `restart-refused` when that cannot be done. */
export interface RestartEffect extends RestartRequest {
  readonly kind: 'restart';
}

/** The run is over. */
export interface FinishedEffect {
  readonly kind: 'finished';
  readonly result: Exclude<RunResult, 'restart-pending'>;
  /** 0 on success, otherwise the failing step's exit code, never 0. */
  readonly exitCode: number;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

export type Effect = ProbeEffect | ExecuteEffect | WaitEffect | ReportEffect | RestartEffect | FinishedEffect;

/** What the run waits for; exactly one thing at a time. */
export type Awaiting =
  | { readonly kind: 'probe' }
  | { readonly kind: 'step-start' }
  | { readonly kind: 'step-end' }
  | { readonly kind: 'wait'; readonly since: string; readonly seconds: number }
  | ({ readonly kind: 'restart'; /** The step at the pointer runs again. */ readonly again?: true } & RestartRequest)
  | { readonly kind: 'nothing'; readonly finished: Omit<FinishedEffect, 'kind'> };

/** State of a run: plain data, never changed in place, the same after every replay of the same events. */
export interface Run {
  readonly runId: string;
  readonly sequenceName: string;
  readonly plan: Plan;
  readonly phase: Phase;
  readonly environment: Readonly<Record<string, string>>;
  /** See RunStarted.facts; absent in runs that are none on paper. */
  readonly knownWhenItRuns?: readonly string[] | undefined;
  readonly variables: VariableStore;
  /** Index into plan.instructions of the node at hand. */
  readonly pointer: number;
  /** Try of the step at the pointer, from 1. */
  readonly attempt: number;
  /** Times the step at the pointer was begun again after an interruption. */
  readonly reruns: number;
  /** Restarts the engine asked for so far. */
  readonly restarts: number;
  /** Number of the last report. */
  readonly reportNumber: number;
  readonly awaiting: Awaiting;
  readonly stopping?: string | undefined;
}

export interface Advance {
  readonly run: Run;
  readonly effects: readonly Effect[];
}

/** One line of a journal: an event and when it happened. */
export interface JournalEntry {
  readonly at: string;
  readonly event: RunEvent;
}
