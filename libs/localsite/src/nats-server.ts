import { spawnSync } from 'node:child_process';
import { findProgram, isRoot } from './privilege.js';
import { UpError } from './up-error.js';

const howTo = 'install nats-server 2.9 or later and put it on PATH (Debian, Ubuntu: sudo apt-get install nats-server)';

/**
 * Full path of `nats-server`; installs the distribution's package where it is missing and may be installed.
 * `note` is told before the slow part. Throws `up.nats-missing` with how to install it.
 */
export function requireNatsServer(note: (line: string) => void): string {
  const found = findProgram('nats-server');
  if (found !== null) return found;
  const apt = findProgram('apt-get');
  if (apt === null || !isRoot()) throw new UpError('up.nats-missing', `nats-server is missing: ${howTo}`);
  note('nats-server is missing: installing it with apt-get');
  if (!aptGet(apt, ['install']) && !(aptGet(apt, ['update']) && aptGet(apt, ['install']))) {
    throw new UpError('up.nats-missing', `nats-server is missing and apt-get could not install it: ${howTo}`);
  }
  const installed = findProgram('nats-server');
  if (installed === null) throw new UpError('up.nats-missing', `nats-server is missing: ${howTo}`);
  return installed;
}

function aptGet(apt: string, command: readonly ['install'] | readonly ['update']): boolean {
  const rest = command[0] === 'install' ? ['install', '-y', '--no-install-recommends', 'nats-server'] : ['update'];
  const { status } = spawnSync(apt, ['-qq', ...rest], {
    // RUNLEVEL keeps the package, where it obeys, from starting a server of its own: a site runs its own.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
  return status === 0;
}
