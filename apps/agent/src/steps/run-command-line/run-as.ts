import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { RunAsSetting } from '@muster/sequence/steps/run-command-line/process-settings.js';
import { shareScriptSocket } from '../../tsenv/script-socket.js';
import { TSENV_NAMES } from '../../tsenv/environment.js';
import { runProcess } from '../child-process.js';
import type { StepContext } from '../executor.js';
import { StepError } from '../step-error.js';

/** A user of this computer, as its name service knows it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Variables with which a sequence lets all steps of a type run as one user. */
export interface RunAsVariables {
  readonly asUser: string;
  readonly userName: string;
}

/**
 * The name of the user that a step runs as, or undefined for the agent's own. `asUser: true` switches it on for every step,
 * anything else leaves it to the step; a user name in the variables takes the place of the step's, as with every setting.
 *
 * @throws StepError `step.run-as-user-missing` when it is switched on and nobody is named
 */
export function runAsUser(
  setting: RunAsSetting | undefined,
  names: RunAsVariables,
  variables: Pick<StepContext['variables'], 'read'>,
): string | undefined {
  const everyStep = variables.read(names.asUser)?.value.trim().toLowerCase() === 'true';
  if (!everyStep && setting === undefined) return undefined;
  const user = variables.read(names.userName)?.value ?? setting?.user;
  if (user === undefined || user.trim() === '') {
    const message = `${names.asUser} is true, and neither ${names.userName} nor the step names a user`;
    throw new StepError('step.run-as-user-missing', message);
  }
  return user.trim();
}

/**
 * The account of a user: from the name service (`getent`), so that users of a directory are found too.
 *
 * @throws StepError with a code for each thing that is missing:
 *
 * | code | because |
 * |---|---|
 * | step.run-as-not-in-pe | the preinstallation environment has no other users |
 * | step.run-as-unsupported | on Windows, where it needs a logon that Node cannot do |
 * | step.run-as-needs-root | the agent is not root |
 * | step.run-as-unknown-user | there is no such user |
 */
export async function findAccount(user: string, context: StepContext): Promise<Account> {
  if (context.phase === 'PE')
    throw new StepError('step.run-as-not-in-pe', `a step cannot run as "${user}" in the preinstallation environment`);
  if (process.platform === 'win32')
    throw new StepError('step.run-as-unsupported', 'this agent cannot run steps as another user on Windows');
  if (process.geteuid?.() !== 0)
    throw new StepError('step.run-as-needs-root', `only an agent that runs as root can run a step as "${user}"`);
  // `.\user` is how Windows says: of this computer.
  const name = user.replace(/^\.\\/, '');
  const line = (await askNameService(name, context)) ?? localEntry(name);
  const fields = line?.split(':') ?? [];
  const [uid, gid] = [Number(fields[2]), Number(fields[3])];
  if (fields.length < 7 || !Number.isSafeInteger(uid) || !Number.isSafeInteger(gid))
    throw new StepError('step.run-as-unknown-user', `this computer knows no user "${user}"`);
  return { name: fields[0] ?? name, uid, gid, home: fields[5] || '/' };
}

const nameServiceSeconds = 30;

/** Undefined when nobody is found, or when there is no such program (then /etc/passwd is all there is). */
async function askNameService(name: string, context: StepContext): Promise<string | undefined> {
  const { standardOutput, exitCode, error } = await runProcess({
    command: 'getent',
    arguments: ['passwd', '--', name],
    workingDirectory: '/',
    environment: {},
    timeoutSeconds: nameServiceSeconds,
    marker: context.marker,
    secrets: () => context.secrets,
    signal: context.signal,
  });
  if (error?.code === 'step.stopped') throw new StepError(error.code, error.message);
  return exitCode === 0 ? standardOutput.text.split('\n')[0] : undefined;
}

function localEntry(name: string): string | undefined {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
}

/**
 * A program as it is started for another account: user, group and supplementary groups are changed by setpriv, which then
 * becomes the program. No shell, no login.
 *
 * @throws StepError `step.run-as-tool-missing` where there is no setpriv
 */
export function asAccount(
  program: string,
  parameters: readonly string[],
  { uid, gid }: Account,
): { command: string; arguments: string[] } {
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined)
    throw new StepError('step.run-as-tool-missing', 'there is no program setpriv: install util-linux');
  const options = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--'];
  return { command: setpriv, arguments: [...options, program, ...parameters] };
}

/** What the environment of an account's processes says of it; the step's socket for `tsenv` is opened to it. */
export function accountEnvironment(
  { name, home, uid, gid }: Account,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const socket = environment[TSENV_NAMES.socket];
  try {
    if (socket !== undefined) shareScriptSocket(socket, { uid, gid });
  } catch {
    // Then `tsenv` says that it may not; the step itself does not need it.
  }
  return { HOME: home, USER: name, LOGNAME: name };
}

/** Programs of the system, also where the agent's PATH is short. */
function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder || '/', name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
