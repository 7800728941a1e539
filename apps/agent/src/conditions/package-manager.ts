import { existsSync } from 'node:fs';
import { compareDebianVersions } from '@muster/sequence/conditions/debian-version.js';
import { compareRpmVersions } from '@muster/sequence/conditions/rpm-version.js';
import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import { ProbeError } from './probe-error.js';
import type { ProgramOutput, System } from '../facts/system.js';

/** An installed package; one name may be installed for several architectures. */
export interface InstalledPackage {
  readonly version: string;
  /** In the order of its package manager. */
  compare(left: string, right: string): number;
}

/** A package manager of Linux. Adding one: an entry below. */
interface PackageManager {
  /** Present on this computer, with a database? */
  readonly databases: readonly string[];
  /** The installed packages of this name. */
  find(name: string, system: System): Promise<InstalledPackage[]>;
  /** All that is installed. */
  list(system: System): Promise<SoftwareEntry[]>;
  /** The package that owns the first of these paths that has an owner. */
  owner(paths: readonly string[], system: System): Promise<InstalledPackage | undefined>;
}

const dpkg: PackageManager = {
  databases: ['/var/lib/dpkg/status'],
  async find(name, system) {
    const format = '${db:Status-Status}\\t${Version}\\n';
    const output = await run(system, 'dpkg-query', ['--show', `--showformat=${format}`, '--', name]);
    if (output.exitCode === 1) return [];
    return expectSuccess('dpkg-query', output).flatMap((line) => {
      const [status = '', version = ''] = line.split('\t');
      return isInstalled(status) && version !== '' ? [{ version, compare: compareDebianVersions }] : [];
    });
  },
  async list(system) {
    const format = '${db:Status-Status}\\t${Package}\\t${Version}\\t${Architecture}\\n';
    const output = await run(system, 'dpkg-query', ['--show', `--showformat=${format}`]);
    // No package at all, as on a system where nothing was installed by it.
    if (output.exitCode === 1) return [];
    return expectSuccess('dpkg-query', output).flatMap((line) => {
      const [status = '', name = '', version = '', architecture = ''] = line.split('\t');
      return isInstalled(status) ? entry(name, version, architecture) : [];
    });
  },
  async owner(paths, system) {
    for (const path of new Set(paths.flatMap(mergedPaths))) {
      // The argument is a pattern: taken literally only with its special characters escaped.
      const output = await run(system, 'dpkg-query', ['--search', '--', path.replaceAll(/[\\*?[\]]/g, '\\$&')]);
      if (output.exitCode === 1) continue;
      for (const line of expectSuccess('dpkg-query', output)) {
        const [, names] = /^(?!diversion by |local diversion )([^/]+): \//.exec(line) ?? [];
        for (const name of names?.split(', ') ?? []) {
          const [found] = await dpkg.find(name, system);
          if (found) return found;
        }
      }
    }
    return undefined;
  },
};

const rpm: PackageManager = {
  databases: ['/usr/lib/sysimage/rpm', '/var/lib/rpm'],
  async find(name, system) {
    const format = '%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n';
    const output = await run(system, 'rpm', ['--query', '--queryformat', format, '--', name]);
    return rpmPackages(output, (found) => found === name);
  },
  async list(system) {
    const format = '%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n';
    const output = await run(system, 'rpm', ['--query', '--all', '--queryformat', format]);
    return expectSuccess('rpm', output).flatMap((line) => {
      const [name = '', epoch = '', version = '', architecture = ''] = line.split('\t');
      // Keys that packages are signed with are in the same database, and no software.
      return name === 'gpg-pubkey' ? [] : entry(name, fullVersion(epoch, version), architecture);
    });
  },
  async owner(paths, system) {
    const format = '%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n';
    for (const path of new Set(paths)) {
      const output = await run(system, 'rpm', ['--query', '--file', '--queryformat', format, '--', path]);
      const [found] = rpmPackages(output, () => true);
      if (found) return found;
    }
    return undefined;
  },
};

const managers = [dpkg, rpm];

/**
 * The installed packages of a name, from every package manager that this computer has.
 * @throws ProbeError when it has none that we know, or one of them fails.
 */
export async function findInstalled(
  name: string,
  system: System,
  exists: (path: string) => boolean = existsSync,
): Promise<InstalledPackage[]> {
  const present = presentManagers(exists);
  const found: InstalledPackage[] = [];
  for (const manager of present) found.push(...(await manager.find(name, system)));
  return found;
}

/** The package that owns a file, given by one or more of its paths. */
export async function ownerOf(
  paths: readonly string[],
  system: System,
  exists: (path: string) => boolean = existsSync,
): Promise<InstalledPackage | undefined> {
  for (const manager of presentManagers(exists)) {
    const owner = await manager.owner(paths, system);
    if (owner) return owner;
  }
  return undefined;
}

/**
 * Everything that is installed, from every package manager that this computer has; undefined where it has none that we know.
 * @throws ProbeError when one of them fails, Error when it takes too long or says too much
 */
export async function listInstalled(
  system: System,
  exists: (path: string) => boolean = existsSync,
): Promise<SoftwareEntry[] | undefined> {
  const present = managers.filter((manager) => manager.databases.some(exists));
  if (present.length === 0) return undefined;
  const found: SoftwareEntry[] = [];
  for (const manager of present) found.push(...(await manager.list(system)));
  return found;
}

/** Waiting for triggers is installed; unpacked and half-configured is not. */
function isInstalled(status: string): boolean {
  return ['installed', 'triggers-awaited', 'triggers-pending'].includes(status);
}

function entry(name: string, version: string, architecture: string): SoftwareEntry[] {
  if (name === '' || version === '') return [];
  return [{ name, version, ...(architecture === '' || architecture === '(none)' ? {} : { architecture }) }];
}

function fullVersion(epoch: string, version: string): string {
  return epoch === '0' || epoch === '' ? version : `${epoch}:${version}`;
}

function presentManagers(exists: (path: string) => boolean): PackageManager[] {
  const present = managers.filter((manager) => manager.databases.some(exists));
  if (present.length > 0) return present;
  throw new ProbeError('condition.no-package-manager', 'this computer has neither dpkg nor rpm, which are asked here');
}

/** /bin is /usr/bin on systems of today, and packages name one of the two. */
function mergedPaths(path: string): string[] {
  const [, usr, rest] = /^(\/usr)?(\/(?:bin|sbin|lib(?:32|64|x32)?)\/.*)$/s.exec(path) ?? [];
  if (rest === undefined) return [path];
  return [path, usr === undefined ? `/usr${rest}` : rest];
}

function rpmPackages(output: ProgramOutput, wanted: (name: string) => boolean): InstalledPackage[] {
  const none = /is not (installed|owned by any package)/.test(output.standardOutput + output.standardError);
  if (output.exitCode !== 0 && none) return [];
  return expectSuccess('rpm', output).flatMap((line) => {
    const [name = '', epoch = '0', version = ''] = line.split('\t');
    return wanted(name) && version !== ''
      ? [{ version: fullVersion(epoch, version), compare: compareRpmVersions }]
      : [];
  });
}

async function run(system: System, program: string, args: readonly string[]): Promise<ProgramOutput> {
  const output = await system.run(program, args);
  if (output) return output;
  throw new ProbeError(
    'condition.no-package-manager',
    `there are packages on this computer, but no program ${program}`,
  );
}

function expectSuccess(program: string, output: ProgramOutput): string[] {
  if (output.exitCode === 0) return output.standardOutput.split('\n').filter((line) => line !== '');
  const said = output.standardError.trim().split('\n').at(-1) ?? '';
  throw new ProbeError('condition.probe-failed', `${program} failed with exit code ${output.exitCode}: ${said}`);
}
