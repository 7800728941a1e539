import { evaluateCondition } from './conditions.js';
import { type Draft, type StepResult, compact, stepFields } from './draft.js';
import { LIMITS } from './limits.js';
import type { Phase } from './model.js';
import type { Instruction, StepInstruction } from './plan.js';
import { type PreparedStep, prepareStep } from './prepare-step.js';
import type { ExecuteEffect, FinishedEffect, Run } from './run.js';
import { assign, maskSecrets, readVariable } from './variables.js';

/** Goes on from the pointer until something outside must act or the run is over. */
export function walk(draft: Draft): void {
  const { run } = draft;
  for (;;) {
    const instruction = run.plan.instructions[run.pointer];
    if (!instruction) return finish(draft, { result: 'succeeded', exitCode: 0 });
    if (instruction.disabled) {
      skip(draft, instruction, 'disabled');
    } else if (
      instruction.condition &&
      !evaluateCondition(instruction.condition, (name) => readVariable(run.variables, name)?.value)
    ) {
      skip(draft, instruction, 'condition-false');
    } else if (isStepInstruction(instruction)) {
      run.attempt = 1;
      run.reruns = 0;
      draft.setAction({ _SMSTSCurrentActionName: instruction.name });
      if (!beginStep(draft, instruction)) return;
    } else {
      run.pointer += 1;
    }
  }
}

/** The instruction at the pointer, which must be a step. */
export function currentStep(run: Run): Instruction & { readonly step: StepInstruction } {
  const instruction = run.plan.instructions[run.pointer];
  if (!instruction || !isStepInstruction(instruction)) throw new RangeError(`no step at ${run.pointer}`);
  return instruction;
}

/** Begins a try of the step at the pointer. True when the run may go on at once: the step is over already. */
export function beginStep(draft: Draft, instruction: Instruction & { readonly step: StepInstruction }): boolean {
  const { run } = draft;
  const prepared = prepareStep(run, instruction);
  if ('problem' in prepared) {
    reportStarted(draft, instruction);
    return settle(draft, instruction, { succeeded: false, ...prepared.problem }, false);
  }
  if (prepared.definition.execution === 'executor') {
    run.awaiting = { kind: 'step-start' };
    draft.emit(toExecuteEffect(run, instruction, prepared));
    return false;
  }
  reportStarted(draft, instruction);
  const result = prepared.definition.run(prepared.settings, { secret: prepared.secret });
  if ('error' in result)
    return settle(draft, instruction, { succeeded: false, reason: 'error', ...result.error }, false);
  run.variables = assign(run.variables, result.assignments);
  return settle(draft, instruction, { succeeded: true, exitCode: 0 }, false);
}

/** The `execute` effect for the step at the pointer, made from the state alone. */
export function executeEffect(run: Run): ExecuteEffect {
  const instruction = currentStep(run);
  const prepared = prepareStep(run, instruction);
  if ('problem' in prepared)
    throw new RangeError(`"${instruction.path}" cannot be executed: ${prepared.problem.message}`);
  return toExecuteEffect(run, instruction, prepared);
}

function toExecuteEffect(
  run: Run,
  instruction: Instruction & { readonly step: StepInstruction },
  prepared: Exclude<PreparedStep, { problem: unknown }>,
): ExecuteEffect {
  const timeoutSeconds = instruction.step.timeoutSeconds ?? prepared.definition.defaults.timeoutSeconds;
  return {
    kind: 'execute',
    position: instruction.position,
    path: instruction.path,
    name: instruction.name,
    stepType: instruction.step.type,
    settings: prepared.settings,
    attempt: run.attempt,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    secrets: run.variables.secrets,
    warnings: prepared.warnings,
  };
}

export function reportStarted(draft: Draft, instruction: Instruction): void {
  draft.report({ event: 'step-started', ...stepFields(instruction), attempt: draft.run.attempt });
}

/**
 * Takes the end of a step: retry, last-action variables, report, restart, continue on error.
 * True when the run may go on at once at the pointer.
 */
export function settle(
  draft: Draft,
  instruction: Instruction & { readonly step: StepInstruction },
  result: StepResult,
  mayRetry: boolean,
): boolean {
  const { run } = draft;
  const retry = instruction.step.retry;
  if (!result.succeeded && mayRetry && run.stopping === undefined && retry && run.attempt < retry.attempts) {
    const seconds = Math.min((retry.backoffSeconds ?? 0) * 2 ** (run.attempt - 1), LIMITS.backoffSeconds);
    run.awaiting = { kind: 'wait', since: draft.now, seconds };
    draft.emit({ kind: 'wait', since: draft.now, seconds });
    return false;
  }
  const exitCode = result.exitCode ?? (result.succeeded ? 0 : 1);
  draft.setAction({
    _SMSTSLastActionName: instruction.name,
    _SMSTSLastActionRetCode: String(exitCode),
    _SMSTSLastActionSucceeded: String(result.succeeded),
  });
  const absorber =
    result.succeeded || result.fatal || run.stopping !== undefined ? undefined : findAbsorber(run, instruction);
  draft.report(
    compact({
      event: 'step-finished' as const,
      ...stepFields(instruction),
      outcome: result.succeeded ? ('succeeded' as const) : ('failed' as const),
      reason: result.reason,
      code: result.code,
      exitCode: result.exitCode,
      message: result.message,
      output: result.output,
      attempt: run.attempt,
      continuedOnError: absorber ? true : undefined,
    }),
  );
  if (run.stopping !== undefined) return endStopped(draft, instruction.end);
  if (!result.succeeded) return fail(draft, instruction, absorber, exitCode, result);
  return succeed(draft, instruction, exitCode);
}

/** Ends the run because somebody asked for it; continue on error has no say. */
export function endStopped(draft: Draft, next: number): false {
  draft.reportSkipped(next, draft.run.plan.instructions.length, 'run-stopped');
  finish(draft, {
    result: 'failed',
    exitCode: 1,
    code: 'run.stopped',
    message: `stopped: ${draft.run.stopping ?? ''}`,
  });
  return false;
}

/** Ends the run. */
export function finish(draft: Draft, end: Omit<FinishedEffect, 'kind'>): void {
  const { run } = draft;
  const masked = end.message === undefined ? undefined : maskSecrets(end.message, run.variables.secrets);
  const finished = compact({ ...end, message: masked });
  run.awaiting = { kind: 'nothing', finished };
  const { result, exitCode, code, message } = finished;
  draft.report(compact({ event: 'run-finished' as const, result, exitCode, code, message }));
  draft.emit({ kind: 'finished', ...finished });
}

function succeed(draft: Draft, instruction: Instruction, exitCode: number): boolean {
  const { run } = draft;
  const request = takeRestartRequest(draft);
  if (request.target === undefined && exitCode !== restartExitCode) {
    run.pointer = instruction.end;
    return true;
  }
  run.pointer = request.again ? instruction.position : instruction.end;
  return restart(draft, request.target ?? 'FullOS');
}

const restartExitCode = 3010;

function restart(draft: Draft, target: Phase): false {
  draft.run.awaiting = { kind: 'restart', target };
  draft.report({ event: 'run-finished', result: 'restart-pending', exitCode: restartExitCode });
  draft.emit({ kind: 'restart', target });
  return false;
}

/**
 * Who absorbs a failure: the first node with continue on error on the way step, groups, root. The root never does.
 *
 * | S.CoE | G.CoE | P.CoE | next |
 * |---|---|---|---|
 * | on | any | any | sibling of S |
 * | off | on | any | sibling of G, rest of G abandoned |
 * | off | off | on | sibling of P, rest of G and P abandoned |
 * | off | off | off | none: the run fails with the code of S |
 */
function findAbsorber(run: Run, failed: Instruction): Instruction | undefined {
  for (let node: Instruction | undefined = failed; node; node = run.plan.instructions[node.parent]) {
    if (node.continueOnError) return node;
  }
  return undefined;
}

function fail(
  draft: Draft,
  instruction: Instruction,
  absorber: Instruction | undefined,
  exitCode: number,
  result: StepResult,
): boolean {
  const { run } = draft;
  if (!absorber) {
    draft.reportSkipped(instruction.end, run.plan.instructions.length, 'run-failed');
    const why = result.message ?? `exit code ${exitCode}`;
    finish(
      draft,
      compact({
        result: 'failed' as const,
        exitCode: exitCode === 0 ? 1 : exitCode,
        code: result.code ?? 'step.exit-code',
        message: `"${instruction.path}" failed: ${why}`,
      }),
    );
    return false;
  }
  draft.reportSkipped(instruction.end, absorber.end, 'abandoned');
  run.pointer = absorber.end;
  const request = takeRestartRequest(draft);
  return request.target === undefined ? true : restart(draft, request.target);
}

/**
 * `SMSTSRebootRequested` (HD, WinPE) and `SMSTSRetryRequested`, honoured and cleared when a step ends. Retry counts only with
 * a restart and after a success; the sources do not say what a failed step's retry request means, so it means nothing.
 */
function takeRestartRequest(draft: Draft): { target?: Phase; again: boolean } {
  const { run } = draft;
  const reboot = readVariable(run.variables, 'SMSTSRebootRequested')?.value;
  const retry = readVariable(run.variables, 'SMSTSRetryRequested') !== undefined;
  if (reboot === undefined && !retry) return { again: false };
  run.variables = assign(run.variables, [
    { name: 'SMSTSRebootRequested', value: '' },
    { name: 'SMSTSRetryRequested', value: '' },
  ]);
  if (reboot === undefined) return { again: false };
  return { target: reboot.toLowerCase() === 'winpe' ? 'PE' : 'FullOS', again: retry };
}

function skip(draft: Draft, instruction: Instruction, reason: 'disabled' | 'condition-false'): void {
  draft.reportSkipped(instruction.position, instruction.end, reason);
  draft.run.pointer = instruction.end;
}

function isStepInstruction(instruction: Instruction): instruction is Instruction & { readonly step: StepInstruction } {
  return instruction.step !== undefined;
}
