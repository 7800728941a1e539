import { existsSync } from 'node:fs';
import type { PackageManager, UpdateCommands, UpdateRequest } from './package-manager.js';

/** An update that apt would install. */
export interface AptUpdate {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The new version comes from a security archive, perhaps from another one too. */
  readonly security: boolean;
}

/** Waits for another apt instead of failing; new packages only where an update needs them, nothing is removed. */
const lock = ['-o', 'DPkg::Lock::Timeout=300'];
const keepConfiguration = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];

/** Debian and Ubuntu write this file when a package wants the computer restarted. */
const restartFile = '/run/reboot-required';

/** apt-get. Mandatory: packages whose new version comes from a security archive. */
export function apt(restartRequired: () => boolean = () => existsSync(restartFile)): PackageManager {
  return async (request, commands) => {
    // A computer that died while packages were unpacked: apt refuses everything until that is finished.
    await commands.install(['dpkg', '--force-confdef', '--force-confold', '--configure', '-a']);
    if (!request.useCachedScan) await commands.scan(['apt-get', '-q', ...lock, 'update'], request.scanTimeoutSeconds);
    const updates = select(await listUpdates(commands, request.scanTimeoutSeconds), request);
    const lines = updates.map(({ name, from, to }) => `${name} ${from} -> ${to}`);
    if (updates.length > 0) {
      const what =
        request.target === 'All' && !request.packages
          ? ['--with-new-pkgs', 'upgrade']
          : ['--only-upgrade', 'install', '--', ...updates.map(({ name }) => name)];
      await commands.install(['apt-get', '-q', '-y', ...lock, ...keepConfiguration, ...what]);
    }
    return { lines, warnings: [], restart: restartRequired() };
  };
}

/** What `apt-get upgrade` would do, by the lists that are here. Changes nothing, needs no rights, waits for nobody. */
export async function listUpdates(commands: UpdateCommands, timeoutSeconds: number): Promise<AptUpdate[]> {
  const command = ['apt-get', '-q', '-s', '-o', 'Debug::NoLocking=true', '--with-new-pkgs', 'upgrade'];
  return parseSimulation((await commands.scan(command, timeoutSeconds)).stdout);
}

/**
 * The updates in the output of `apt-get --simulate upgrade`: lines such as
 * `Inst bash [5.2] (5.3 Debian:12/stable, Debian-Security:12/stable-security [amd64]) []`. New packages have no old version and are left out: they
 * come along with those that need them.
 */
export function parseSimulation(text: string): AptUpdate[] {
  return text.split('\n').flatMap((line): AptUpdate[] => {
    const match = /^Inst (\S+) \[([^\]]+)\] \((\S+) ([^[)]*)/.exec(line);
    const [, name, from, to, archives] = match ?? [];
    if (name === undefined || from === undefined || to === undefined) return [];
    return [{ name, from, to, security: (archives ?? '').split(',').some(isSecurity) }];
  });
}

/** `Debian-Security:12/stable-security`, `Ubuntu:24.04/noble-security`, `UbuntuESM:22.04/jammy-infra-security`. */
function isSecurity(archive: string): boolean {
  return /-security$/i.test(archive.trim()) || /^debian-security:/i.test(archive.trim());
}

function select(updates: readonly AptUpdate[], { target, packages }: UpdateRequest): AptUpdate[] {
  const wanted = packages && new Set(packages.map((name) => name.replace(/:.*$/, '')));
  return updates.filter(
    ({ name, security }) =>
      (target === 'All' || security) && (wanted === undefined || wanted.has(name.replace(/:.*$/, ''))),
  );
}
