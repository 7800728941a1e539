import type { Draft } from './draft.js';
import { LIMITS } from './limits.js';
import type { Phase } from './model.js';
import type { RestartRequest, Run } from './run.js';
import { assign, readKey, readVariable } from './variables.js';

/**
 * Exit codes with which an installer says "restart": 3010, required; 1641, begun. Whoever counts 3010 as a success means
 * both, so the success codes of a step need not name 1641 (where sources are silent).
 */
const restartExitCodes: readonly number[] = [3010, 1641];

/** Does a successful step with this exit code ask for a restart? */
export function isRestartExitCode(exitCode: number): boolean {
  return restartExitCodes.includes(exitCode);
}

/** Is an exit code in a list of success codes? 1641 counts where 3010 does. */
export function isSuccess(exitCode: number, successCodes: readonly number[]): boolean {
  return successCodes.includes(exitCode) || (exitCode === 1641 && successCodes.includes(3010));
}

/**
 * `SMSTSRebootRequested` (HD, WinPE) and `SMSTSRetryRequested`, honoured and cleared when a step ends. Retry counts only with
 * a restart and after a success; the sources do not say what a failed step's retry request means, so it means nothing.
 */
export function takeRestartRequest(draft: Draft): { target?: Phase; again: boolean } {
  const { run } = draft;
  const reboot = readKey(run.variables, 'smstsrebootrequested')?.value;
  const retry = readKey(run.variables, 'smstsretryrequested') !== undefined;
  if (reboot === undefined && !retry) return { again: false };
  run.variables = assign(run.variables, [
    { name: 'SMSTSRebootRequested', value: '' },
    { name: 'SMSTSRetryRequested', value: '' },
  ]);
  if (reboot === undefined) return { again: false };
  return { target: reboot.toLowerCase() === 'winpe' ? 'PE' : 'FullOS', again: retry };
}

/** Why a step's wish to run again comes to nothing, or undefined. Asked before the request is taken. */
export function retryRequestProblem({ variables }: Run, succeeded: boolean): string | undefined {
  if (readKey(variables, 'smstsretryrequested') === undefined) return undefined;
  if (!succeeded) return 'SMSTSRetryRequested means nothing after a failure';
  return readKey(variables, 'smstsrebootrequested') === undefined
    ? 'SMSTSRetryRequested means nothing without SMSTSRebootRequested'
    : undefined;
}

/** Does the run wait for a restart behind which no enabled step is left? Such a restart may come later: nothing waits for it. */
export function isLastRestart({ awaiting, plan: { instructions }, pointer }: Run): boolean {
  if (awaiting.kind !== 'restart' || awaiting.again) return false;
  for (let position = pointer; position < instructions.length; position++) {
    const one = instructions[position];
    if (one?.disabled) position = one.end - 1;
    else if (one?.step) return false;
  }
  return true;
}

/**
 * A restart that no Restart Computer step asked for: `SMSTSRebootDelay` seconds before the first, `SMSTSRebootDelayNext`
 * before later ones where it is set; `SMSTSRebootMessage` for whoever sits there. No delay means at once.
 */
export function nextRestart(run: Run, target: Phase): RestartRequest {
  const value = (name: string): string | undefined => readVariable(run.variables, name)?.value;
  const first = value('SMSTSRebootDelay');
  const delay = run.restarts === 0 ? first : (value('SMSTSRebootDelayNext') ?? first);
  const message = value('SMSTSRebootMessage')?.slice(0, LIMITS.restartMessageLength);
  return { target, delaySeconds: toSeconds(delay), ...(message === undefined ? {} : { message }) };
}

function toSeconds(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Math.min(Number(text), LIMITS.restartDelaySeconds) : 0;
}
