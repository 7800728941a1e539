import type { PackageManager } from './package-manager.js';

/** Exit codes of zypper that are no failure. */
const ZYPPER = {
  /** A patch wants the computer restarted. */
  restart: 102,
  /** zypper itself was updated first: run it again for the rest. */
  again: 103,
  /** Some repositories were left out. */
  repositoriesSkipped: 106,
} as const;

const mostRounds = 3;
const base = ['zypper', '--non-interactive', '--quiet'];

/** zypper, of SUSE. Mandatory: patches of the category security; All: every newer package. */
export const zypper: PackageManager = async ({ target, packages, useCachedScan, scanTimeoutSeconds }, commands) => {
  const warnings: string[] = [];
  if (!useCachedScan) {
    const refreshed = await commands.scan([...base, 'refresh'], scanTimeoutSeconds, [0, ZYPPER.repositoriesSkipped]);
    if (refreshed.exitCode === ZYPPER.repositoriesSkipped)
      warnings.push('zypper left out repositories that it could not refresh');
  }
  if (packages && target === 'Mandatory')
    warnings.push('zypper cannot pick security updates by package: all updates of the named packages were wanted');
  const what =
    target === 'Mandatory' && !packages
      ? ['patch', '--auto-agree-with-licenses', '--category', 'security']
      : ['update', '--auto-agree-with-licenses', ...(packages ?? [])];
  const noFailure = [0, ZYPPER.restart, ZYPPER.again, ZYPPER.repositoriesSkipped];
  let restart = false;
  const lines: string[] = [];
  for (let round = 1; round <= mostRounds; round++) {
    const { exitCode, stdout } = await commands.install([...base, ...what], noFailure);
    const said = stdout.trim().split('\n').at(-1);
    if (said && !/nothing to do/i.test(said)) lines.push(said.slice(0, 200));
    restart ||= exitCode === ZYPPER.restart || exitCode === ZYPPER.again;
    if (exitCode !== ZYPPER.again) break;
  }
  restart ||= (await commands.ask([...base, 'needs-rebooting'])).exitCode === ZYPPER.restart;
  return { lines, warnings, restart };
};
