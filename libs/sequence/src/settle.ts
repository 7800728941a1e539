import { type Draft, type StepResult, compact, newStepReport } from './draft.js';
import { LIMITS } from './limits.js';
import type { Instruction, StepInstruction } from './plan.js';
import { isRestartExitCode, nextRestart, retryRequestProblem, takeRestartRequest } from './restart-request.js';
import type { FinishedEffect, RestartRequest, Run } from './run.js';
import { stepDefinition } from './steps/registry.js';
import { maskSecrets } from './variables.js';

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
  draft.setLastAction(instruction.name, exitCode, result.succeeded);
  const fatal = result.fatal || stepDefinition(instruction.step.type)?.ignoresContinueOnError;
  const absorber = result.succeeded || fatal || run.stopping !== undefined ? undefined : findAbsorber(run, instruction);
  reportFinished(draft, instruction, result, absorber !== undefined);
  if (run.stopping !== undefined) return endStopped(draft, instruction.end);
  if (!result.succeeded) return fail(draft, instruction, absorber, exitCode, result);
  return succeed(draft, instruction, exitCode, result.restart);
}

function reportFinished(draft: Draft, instruction: Instruction, result: StepResult, continuedOnError: boolean): void {
  const { reason, code, exitCode, message, output, warnings } = result;
  const ignored = retryRequestProblem(draft.run, result.succeeded);
  const told = ignored === undefined ? (warnings ?? []) : [...(warnings ?? []), ignored];
  const report = newStepReport('step-finished', instruction);
  report.outcome = result.succeeded ? 'succeeded' : 'failed';
  if (reason !== undefined) report.reason = reason;
  if (code !== undefined) report.code = code;
  if (exitCode !== undefined) report.exitCode = exitCode;
  if (message !== undefined) report.message = message;
  if (output !== undefined) report.output = output;
  report.attempt = draft.run.attempt;
  if (continuedOnError) report.continuedOnError = true;
  if (told.length > 0) report.warnings = [...told];
  draft.report(report);
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

function succeed(
  draft: Draft,
  instruction: Instruction,
  exitCode: number,
  ownRequest: RestartRequest | undefined,
): boolean {
  const { run } = draft;
  const request = takeRestartRequest(draft);
  if (request.target === undefined && ownRequest === undefined && !isRestartExitCode(exitCode)) {
    run.pointer = instruction.end;
    return true;
  }
  run.pointer = request.again ? instruction.position : instruction.end;
  return restart(draft, ownRequest ?? nextRestart(run, request.target ?? 'FullOS'), request.again);
}

/** What `run-finished` says while a restart is pending. */
const restartPendingExitCode = 3010;

function restart(draft: Draft, request: RestartRequest, again = false): false {
  draft.run.restarts += 1;
  draft.run.awaiting = { kind: 'restart', ...request, ...(again ? { again } : {}) };
  draft.report({ event: 'run-finished', result: 'restart-pending', exitCode: restartPendingExitCode });
  draft.emit({ kind: 'restart', ...request });
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
export function findAbsorber(run: Run, failed: Instruction): Instruction | undefined {
  for (let node: Instruction | undefined = failed; node; node = run.plan.instructions[node.parent]) {
    if (node.continueOnError) return node;
  }
  return undefined;
}

/** A node has failed: on to behind its absorber, or the end of the run. */
export function fail(
  draft: Draft,
  instruction: Instruction,
  absorber: Instruction | undefined,
  exitCode: number,
  result: StepResult,
): boolean {
  const { run } = draft;
  // A group has no report of its own: what is below it tells why.
  const why =
    instruction.step || result.code === undefined ? undefined : { code: result.code, message: result.message ?? '' };
  const reason = absorber ? 'abandoned' : 'run-failed';
  draft.reportSkipped(instruction.position + 1, instruction.end, reason, why);
  draft.reportSkipped(instruction.end, absorber?.end ?? run.plan.instructions.length, reason);
  if (!absorber) {
    const cause = result.message ?? `exit code ${exitCode}`;
    finish(
      draft,
      compact({
        result: 'failed' as const,
        exitCode: exitCode === 0 ? 1 : exitCode,
        code: instruction.first ? 'run.first-program-failed' : (result.code ?? 'step.exit-code'),
        message: instruction.first
          ? `the sequence did not begin: "${instruction.path}" failed: ${cause}`
          : `"${instruction.path}" failed: ${cause}`,
      }),
    );
    return false;
  }
  run.pointer = absorber.end;
  const request = takeRestartRequest(draft);
  return request.target === undefined ? true : restart(draft, nextRestart(run, request.target));
}
