import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { UpError } from './up-error.js';

/** A program with its arguments. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Numeric user and group. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Bits of /proc/self/status CapEff. */
const capabilities = { dacOverride: 1n, dacReadSearch: 2n } as const;

/** Full path of a program on PATH, with the folders of system programs added, or null. */
export function findProgram(name: string): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ];
  for (const folder of folders) {
    if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** True when this process is root, whom Postgres refuses to serve. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The command so that the kernel sends it `signal` when this process dies, by kill -9 too.
 * Without setpriv (not Linux) the command is returned as it is.
 */
export function dieWithParent(command: Command, signal: NodeJS.Signals): Command {
  const setpriv = findProgram('setpriv');
  if (setpriv === null) return command;
  return { command: setpriv, args: ['--pdeathsig', signal, '--', command.command, ...command.args] };
}

/**
 * The command as another account, for a root process: no capabilities, except the one to pass through folders that only root
 * may enter (a checkout or a data folder under /root), and that only when one of `paths` needs it.
 * Throws `up.setpriv-missing`.
 */
export function asAccount(
  command: Command,
  account: Account,
  signal: NodeJS.Signals,
  paths: readonly string[],
): Command {
  const setpriv = findProgram('setpriv');
  const env = findProgram('env');
  if (setpriv === null || env === null) {
    throw new UpError(
      'up.setpriv-missing',
      'Postgres does not run as root and setpriv is missing: install util-linux, or run muster as an ordinary user',
    );
  }
  const grant = paths.every(canPassThrough) ? '' : `,+${passThroughCapability()}`;
  const options = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    `--inh-caps=-all${grant}`,
    `--bounding-set=-all${grant}`,
  ];
  // access(2) drops the capabilities of an ordinary user unless this bit is set, and Postgres checks its own files with it.
  if (grant !== '') options.push(`--ambient-caps=-all${grant}`, '--securebits=+no_setuid_fixup');
  options.push(`--pdeathsig=${signal}`, '--');
  // Ambient capabilities count from the next exec on; `env` is that step, so that the program itself may be out of reach.
  return { command: setpriv, args: [...options, env, command.command, ...command.args] };
}

/** Account of a name in /etc/passwd, or null. */
export function lookUpAccount(name: string): Account | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const fields = line?.split(':');
  return fields === undefined ? null : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** True when every user may walk to the path. */
export function canPassThrough(path: string): boolean {
  let folder = dirname(path);
  for (;;) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    const parent = dirname(folder);
    if (parent === folder) return true;
    folder = parent;
  }
}

/** Reading is enough; containers often have only the wider capability. */
function passThroughCapability(): 'dac_read_search' | 'dac_override' {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const mask = BigInt(`0x${effective}`);
  return (mask >> capabilities.dacReadSearch) & 1n ? 'dac_read_search' : 'dac_override';
}
