import { spawn } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RestartRequest } from '@muster/sequence/run.js';
import { reasonOf } from '../journal/journal-error.js';
import { clockTime } from '../people/clock-time.js';
import { tellPeople } from '../people/tell-people.js';
import type { RestartAnswer } from '../runner/run-sequence.js';

export interface RestartOptions {
  /** `never`: the computer is not ours to restart; its owner does it and the run waits. */
  readonly policy: 'allow' | 'never';
  /** Program and arguments; undefined: what this system has (`systemRestartCommand`). */
  readonly command: readonly string[] | undefined;
  /** Tells people of it; undefined: what this system has (`tellPeople`). */
  readonly tellCommand?: readonly string[] | undefined;
  /** Whose word it is that people are told. */
  readonly organisation?: string | undefined;
  /** Folder of the journal: it must survive the restart. */
  readonly stateFolder: string;
  /** Told when the computer is to restart, in milliseconds since 1970; undefined: whenever its owner restarts it. */
  comes?(at: number | undefined): void;
  /** So long before it restarts people are told once more; default: they are not. */
  readonly finalMilliseconds?: number;
  /** They know of this restart. */
  readonly isTold?: boolean;
  /** Aborted when it is not to come now after all; once the program that restarts has been run, nothing holds it. */
  readonly putOff?: AbortSignal;
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const memoryFileSystems = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const commandPatienceSeconds = 60;

/**
 * Restarts this computer for a run. `pending`: it goes down, or its owner has to restart it, or the wait was let go. `put-off`: it was put off
 * while people had their time.
 *
 * | refused with | because |
 * |---|---|
 * | restart.no-preinstallation-environment | there is no boot image to start into yet |
 * | restart.no-persistent-storage | the journal lies in memory and would be gone (sequence-model.md section 7) |
 * | restart.not-possible | no program to restart with is known |
 * | restart.command-failed | the program could not be run or failed |
 */
export async function restartComputer(
  request: RestartRequest,
  options: RestartOptions,
  signal: AbortSignal,
): Promise<RestartAnswer | { readonly kind: 'put-off' }> {
  const { target, delaySeconds, message } = request;
  if (target === 'PE')
    return refused('restart.no-preinstallation-environment', 'this agent has no boot image to restart into yet');
  const memory = memoryFileSystems.get(statfsSync(options.stateFolder).type);
  if (memory !== undefined) {
    const why = `the run could not be found again: ${options.stateFolder} is in memory (${memory})`;
    return refused('restart.no-persistent-storage', why);
  }
  if (options.policy === 'never') {
    options.comes?.(undefined);
    return { kind: 'pending' };
  }
  const command = options.command ?? systemRestartCommand();
  if (!command) {
    const help = 'name a program in MUSTER_AGENT_RESTART_COMMAND';
    return refused('restart.not-possible', `neither systemctl nor shutdown nor reboot is here: ${help}`);
  }
  options.comes?.(Date.now() + delaySeconds * 1000);
  options.log('the computer restarts', { delaySeconds, message });
  if (delaySeconds > 0) {
    await countDown(request, options, AbortSignal.any([signal, ...(options.putOff ? [options.putOff] : [])]));
    if (signal.aborted) return { kind: 'pending' };
  }
  if (options.putOff?.aborted) return { kind: 'put-off' };
  const problem = await run(command, signal);
  return problem === undefined ? { kind: 'pending' } : refused('restart.command-failed', problem);
}

/** Until it is over, or aborted. */
async function countDown(
  { delaySeconds, message }: RestartRequest,
  options: RestartOptions,
  signal: AbortSignal,
): Promise<void> {
  const tell = async (text: string): Promise<void> => {
    const problem = await tellPeople(text, options.tellCommand, options.organisation);
    if (problem !== undefined) options.log('people could not be told', { reason: problem });
  };
  const ends = performance.now() + delaySeconds * 1000;
  const wait = async (milliseconds: number): Promise<void> => {
    if (milliseconds > 0) await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  };
  const { finalMilliseconds = 0 } = options;
  if (options.isTold !== true) await tell(message ?? `This computer restarts in ${Math.round(delaySeconds)} seconds.`);
  if (finalMilliseconds > 0 && finalMilliseconds < delaySeconds * 1000) {
    await wait(ends - performance.now() - finalMilliseconds);
    const now = Date.now();
    if (!signal.aborted)
      await tell(
        `This computer restarts at ${clockTime(now + finalMilliseconds, now)}, and nobody puts that off any more.`,
      );
  }
  await wait(ends - performance.now());
}

/** How this system is restarted: by systemd where it runs, otherwise by shutdown or reboot. */
export function systemRestartCommand(exists: (path: string) => boolean = existsSync): readonly string[] | undefined {
  if (process.platform === 'win32') return ['shutdown.exe', '/r', '/t', '0'];
  if (exists('/run/systemd/system')) return ['systemctl', 'reboot'];
  const program = ['/sbin/shutdown', '/usr/sbin/shutdown'].find(exists);
  if (program !== undefined) return [program, '-r', 'now'];
  const reboot = ['/sbin/reboot', '/usr/sbin/reboot'].find(exists);
  return reboot === undefined ? undefined : [reboot];
}

/** What went wrong, or undefined. */
function run([program = '', ...args]: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    let stderr = '';
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(commandPatienceSeconds * 1000)]),
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-500)));
    child.once('error', (error) => resolve(signal.aborted ? undefined : `${program}: ${reasonOf(error)}`));
    child.once('close', (code, killedBy) =>
      resolve(code === 0 || signal.aborted ? undefined : `${program} ended with ${killedBy ?? code}: ${stderr.trim()}`),
    );
  });
}

function refused(code: string, message: string): RestartAnswer {
  return { kind: 'refused', code, message };
}
