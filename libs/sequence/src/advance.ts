import { Draft, type StepResult } from './draft.js';
import { LIMITS } from './limits.js';
import { planOfRun } from './plan-of-run.js';
import { mergeCollectionVariables } from './collection-variables.js';
import type { Observer } from './observer.js';
import { successCodesOf } from './success-codes.js';
import { isSuccess } from './restart-request.js';
import type {
  Advance,
  Effect,
  Interrupted,
  JournalEntry,
  ProbeAnswered,
  RestartCompleted,
  RestartRefused,
  Run,
  RunEvent,
  RunStarted,
  StepEnded,
  StepStarted,
  StopRequested,
  WaitElapsed,
} from './run.js';
import type { StepReport } from './report.js';
import { SequenceEventError } from './sequence-event-error.js';
import { stepDefinition } from './steps/registry.js';
import { sealedSecretName } from './edit/sealed-reference.js';
import { type VariableInput, type VariableStore, assign, createStore, storeProblem, toLayer } from './variables.js';
import { beginStep, currentStep, executeEffect, reportStarted } from './begin-step.js';
import { endStopped, finish, settle } from './settle.js';
import { enterStep, probeEffect, walk } from './walk.js';

/**
 * The engine: state and event in, new state and effects out. Pure: `now` (ISO 8601) is only copied into reports and waits.
 *
 * | waits for | event | then |
 * |---|---|---|
 * | (no run) | run-started | walks to the first step that needs an executor |
 * | probe | probe-answered | decides the condition of the node, walks on |
 * | step-start | step-started | reports the start, waits for the end |
 * | step-end | step-ended | exit code, retry, continue on error, restart; walks on |
 * | step-end | interrupted | runs the step again if it is repeatable, else it failed |
 * | wait | wait-elapsed | next try |
 * | restart | restart-completed | goes on behind the step that asked, or repeats it |
 * | restart | restart-refused | ends the run as failed |
 * | any but the end | stop-requested | ends the run; a step in flight first ends by step-ended |
 *
 * @throws SequenceEventError (`run.unexpected-event`) when the event does not fit the state; the state is untouched.
 */
export function advance(run: Run | undefined, event: RunEvent, now: string, observer?: Observer): Advance {
  if (event.type === 'run-started') {
    if (run) throw new SequenceEventError(`run ${run.runId} has started already`);
    return start(event, now, observer);
  }
  if (!run) throw new SequenceEventError(`the first event of a run is run-started, not ${event.type}`);
  const draft = new Draft(run, now, observer);
  const handle = handlers[event.type] as (draft: Draft, event: RunEvent) => void;
  handle(draft, event);
  return draft.done();
}

/**
 * Folds a journal. `effects` are what the driver owes after the last event (one, or none for an empty journal);
 * `reports` are all reports of the past, with the numbers they had the first time.
 */
export function replay(entries: Iterable<JournalEntry>): {
  run: Run | undefined;
  effects: Effect[];
  reports: StepReport[];
} {
  let run: Run | undefined;
  const reports: StepReport[] = [];
  for (const { at, event } of entries) {
    const step = advance(run, event, at);
    run = step.run;
    for (const effect of step.effects) if (effect.kind === 'report') reports.push(effect.report);
  }
  return { run, effects: run ? outstandingEffects(run) : [], reports };
}

/**
 * What a driver owes for a state, reports excepted. A step in flight (`awaiting.kind` is `step-end`) gives its `execute`
 * effect: a driver that did not start it itself sends `interrupted` instead of acting.
 */
export function outstandingEffects(run: Run): Effect[] {
  const { awaiting } = run;
  switch (awaiting.kind) {
    case 'probe':
      return [probeEffect(run)];
    case 'step-start':
    case 'step-end':
      return [executeEffect(run)];
    case 'wait':
      return [{ kind: 'wait', since: awaiting.since, seconds: awaiting.seconds }];
    case 'restart':
      return [restartEffect(awaiting)];
    case 'nothing':
      return [{ kind: 'finished', ...awaiting.finished }];
  }
}

function restartEffect({ again: _, ...effect }: Extract<Run['awaiting'], { kind: 'restart' }>): Effect {
  return effect;
}

const handlers = {
  'probe-answered': onProbeAnswered,
  'step-started': onStepStarted,
  'step-ended': onStepEnded,
  interrupted: onInterrupted,
  'wait-elapsed': onWaitElapsed,
  'restart-completed': onRestartCompleted,
  'restart-refused': onRestartRefused,
  'stop-requested': onStopRequested,
} satisfies {
  [K in Exclude<RunEvent['type'], 'run-started'>]: (draft: Draft, event: Extract<RunEvent, { type: K }>) => void;
};

function start(event: RunStarted, now: string, observer: Observer | undefined): Advance {
  const { plan, problem } = planOfRun(event);
  const draft = new Draft(
    {
      runId: event.runId,
      sequenceName: event.sequence.name,
      plan,
      phase: event.facts.phase,
      environment: event.facts.environment ?? {},
      ...(event.facts.knownWhenItRuns ? { knownWhenItRuns: event.facts.knownWhenItRuns } : {}),
      variables: initialVariables(event, plan.variables),
      pointer: 0,
      attempt: 1,
      reruns: 0,
      restarts: 0,
      reportNumber: 0,
      awaiting: { kind: 'step-start' },
    },
    now,
    observer,
  );
  draft.report({ event: 'run-started', total: plan.total });
  if (problem) finish(draft, { result: 'failed', exitCode: 1, ...problem });
  else walk(draft);
  return draft.done();
}

/** The layers of a run at its start. Stand-alone media know no site: there, device and collection variables do not apply (VAR-07). */
function initialVariables(event: RunStarted, defaults: Readonly<Record<string, string>>): VariableStore {
  const { phase, readOnly } = event.facts;
  const { media, device, collection, collections, secrets = {} } = event.variables;
  const secretOf = (name: string): VariableInput[string] => ({ value: secrets[name] ?? '', secret: true });
  const engineFacts: VariableInput = {
    // A sequence is known by its name: it is the id too.
    _SMSTSPackageID: event.sequence.name,
    _SMSTSPackageName: event.sequence.name,
    ...readOnly,
    ...Object.fromEntries(Object.keys(secrets).map((name) => [name, secretOf(name)])),
    _SMSTSInWinPE: String(phase === 'PE'),
  };
  const standAlone = readOnly?.['_SMSTSMediaType']?.toLowerCase() === 'fullmedia';
  const site = {
    device: toLayer(device),
    collection: { ...toLayer(collection), ...mergeCollectionVariables(collections ?? []) },
  };
  return createStore({
    readOnly: toLayer(engineFacts),
    media: toLayer(media),
    ...(standAlone ? {} : site),
    // Values of these are not expanded: what stands for a secret is replaced here.
    sequence: toLayer(
      Object.fromEntries(
        Object.entries(defaults).map(([name, value]): [string, VariableInput[string]] => {
          const secret = sealedSecretName(value);
          return [name, secret !== undefined && Object.hasOwn(secrets, secret) ? secretOf(secret) : value];
        }),
      ),
    ),
  });
}

function onProbeAnswered(draft: Draft, event: ProbeAnswered): void {
  const { run } = draft;
  expectState(run, 'probe', event);
  if (event.position !== run.pointer) throw unexpected(run, event);
  walk(draft, event.answers);
}

function onStepStarted(draft: Draft, event: StepStarted): void {
  const { run } = draft;
  expectState(run, 'step-start', event);
  expectStep(run, event);
  run.awaiting = { kind: 'step-end' };
  reportStarted(draft, currentStep(run));
}

function onStepEnded(draft: Draft, event: StepEnded): void {
  const { run } = draft;
  expectState(run, 'step-end', event);
  expectStep(run, event);
  const instruction = currentStep(run);
  const variables = assign(run.variables, event.assignments ?? []);
  const problem = storeProblem(variables);
  if (!problem) run.variables = variables;
  const successCodes = successCodesOf(instruction.step, event.successCodes);
  const result = judge(problem ? { ...event, error: problem } : event, successCodes);
  if (settle(draft, instruction, result, true)) walk(draft);
}

/** Exit code and error of an executor as one result. An error wins over an exit code. */
function judge(event: StepEnded, successCodes: readonly number[]): StepResult {
  const { exitCode, output, warnings, error } = event;
  if (error) {
    const reason = error.code === 'step.timeout' ? 'timeout' : error.code === 'step.stopped' ? 'stopped' : 'error';
    return {
      succeeded: false,
      reason,
      code: error.code,
      message: error.message,
      exitCode,
      output,
      warnings,
      fatal: error.ignoreContinueOnError,
    };
  }
  const code = exitCode ?? 0;
  if (isSuccess(code, successCodes)) return { succeeded: true, exitCode: code, output, warnings };
  const message = `exit code ${code}; success is ${successCodes.join(', ')}`;
  return { succeeded: false, reason: 'exit-code', code: 'step.exit-code', message, exitCode: code, output, warnings };
}

function onInterrupted(draft: Draft, event: Interrupted): void {
  const { run } = draft;
  expectState(run, 'step-end', event);
  if (event.position !== run.pointer) throw unexpected(run, event);
  const instruction = currentStep(run);
  const definition = stepDefinition(instruction.step.type);
  const repeatable = instruction.step.repeatable ?? definition?.repeatable ?? false;
  const maximum = definition?.reruns?.(instruction.step.settings) ?? LIMITS.interruptionReruns;
  if (repeatable && run.reruns < maximum && run.stopping === undefined) {
    run.reruns += 1;
    if (beginStep(draft, instruction)) walk(draft);
    return;
  }
  const message = repeatable
    ? `interrupted ${run.reruns + 1} times; it is begun again ${maximum} times at most`
    : 'the agent or the computer stopped while the step ran, and the step is not declared repeatable';
  if (settle(draft, instruction, { succeeded: false, reason: 'interrupted', code: 'step.interrupted', message }, false))
    walk(draft);
}

function onWaitElapsed(draft: Draft, event: WaitElapsed): void {
  const { run } = draft;
  expectState(run, 'wait', event);
  run.attempt += 1;
  run.reruns = 0;
  if (beginStep(draft, currentStep(run))) walk(draft);
}

function onRestartCompleted(draft: Draft, event: RestartCompleted): void {
  const { run } = draft;
  expectState(run, 'restart', event);
  const again = run.awaiting.kind === 'restart' && run.awaiting.again === true;
  run.phase = event.phase;
  run.variables = assign(run.variables, [{ name: '_SMSTSInWinPE', value: String(event.phase === 'PE') }]);
  // The step asked for itself to run again: its condition was true once, and it was asked then.
  if (again) {
    const instruction = currentStep(run);
    enterStep(draft, instruction);
    if (!beginStep(draft, instruction)) return;
  }
  walk(draft);
}

function onRestartRefused(draft: Draft, event: RestartRefused): void {
  const { run } = draft;
  expectState(run, 'restart', event);
  draft.reportSkipped(run.pointer, run.plan.instructions.length, 'run-failed');
  finish(draft, { result: 'failed', exitCode: 1, code: event.code, message: event.message });
}

function onStopRequested(draft: Draft, event: StopRequested): void {
  const { run } = draft;
  if (run.awaiting.kind === 'nothing') throw unexpected(run, event);
  if (run.stopping !== undefined) return;
  run.stopping = event.reason;
  if (run.awaiting.kind === 'step-end') return;
  endStopped(draft, run.pointer);
}

function expectState(run: Run, kind: Run['awaiting']['kind'], event: RunEvent): void {
  if (run.awaiting.kind !== kind) throw unexpected(run, event);
}

function expectStep(run: Run, event: StepStarted | StepEnded): void {
  if (event.position !== run.pointer || event.attempt !== run.attempt) throw unexpected(run, event);
}

function unexpected(run: Run, event: RunEvent): SequenceEventError {
  const where = 'position' in event ? ` for instruction ${event.position}` : '';
  return new SequenceEventError(
    `${event.type}${where} does not fit: run ${run.runId} is at instruction ${run.pointer}, attempt ${run.attempt}, waiting for ${run.awaiting.kind}`,
  );
}
