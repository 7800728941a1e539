import { spawnSync } from 'node:child_process';
import { findProgram, isRoot } from './privilege.js';
import { UpError } from './up-error.js';

const howTo = 'install nats-server 2.9 or later and put it on PATH (Debian, Ubuntu: sudo apt-get install nats-server)';

/** What finding and installing a program needs of a computer. */
export interface Machine {
  readonly isRoot: boolean;
  /** Full path of a program, or null. */
  find(name: string): string | null;
  /** Runs the `apt-get` at this path quietly. @returns whether it succeeded */
  aptGet(program: string, args: readonly string[]): boolean;
}

/** The computer that this process runs on. */
export const thisMachine: Machine = {
  isRoot: isRoot(),
  find: findProgram,
  aptGet: (program, args) => {
    const { status } = spawnSync(program, ['-qq', ...args], {
      // RUNLEVEL keeps the package, where it obeys, from starting a server of its own: a site runs its own.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 300_000,
    });
    return status === 0;
  },
};

/**
 * Full path of `nats-server`; installs the distribution's package where it is missing and may be installed.
 * `note` is told before the slow part. Throws `up.nats-missing` with how to install it.
 */
export function requireNatsServer(note: (line: string) => void, machine: Machine = thisMachine): string {
  const found = machine.find('nats-server');
  if (found !== null) return found;
  const apt = machine.find('apt-get');
  if (apt === null || !machine.isRoot) throw new UpError('up.nats-missing', `nats-server is missing: ${howTo}`);
  note('nats-server is missing: installing it with apt-get');
  const install = (): boolean => machine.aptGet(apt, ['install', '-y', '--no-install-recommends', 'nats-server']);
  if (!install() && !(machine.aptGet(apt, ['update']) && install())) {
    throw new UpError('up.nats-missing', `nats-server is missing and apt-get could not install it: ${howTo}`);
  }
  const installed = machine.find('nats-server');
  if (installed === null) throw new UpError('up.nats-missing', `nats-server is missing: ${howTo}`);
  return installed;
}
