import { parseOsRelease } from './os-release.js';
import { type System, readFirst } from './system.js';

/** Which operating system this is. What is not known is absent. */
export interface OsIdentity {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** As people write it: `12 (bookworm)`. */
  readonly version?: string | undefined;
  /** As programs compare it: `12`. */
  readonly versionId?: string | undefined;
  readonly family?: string | undefined;
}

/** Families by the IDs of their members that do not say so themselves in ID_LIKE, or say it in other words. */
const families: Readonly<Record<string, string>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
  arch: 'arch',
  alpine: 'alpine',
  gentoo: 'gentoo',
};

/** Reads os-release(5) on Linux; elsewhere what `release` (node:os) says. */
export function osIdentity(system: Pick<System, 'platform' | 'read'>, release: () => string): OsIdentity {
  if (system.platform === 'win32')
    return { id: 'windows', name: 'Windows', versionId: release(), version: release(), family: 'windows' };
  // The version of the kernel, which is all that Node knows, is not the version of macOS.
  if (system.platform === 'darwin') return { id: 'macos', name: 'macOS', family: 'macos' };
  if (system.platform !== 'linux') return { id: system.platform, family: system.platform };
  const text = readFirst(system, ['/etc/os-release', '/usr/lib/os-release']);
  if (text === undefined) return {};
  const fields = parseOsRelease(text);
  const id = (fields['ID'] || 'linux').toLowerCase();
  const relatives = (fields['ID_LIKE'] ?? '').toLowerCase().split(/\s+/);
  const family = [id, ...relatives].flatMap((one) => (Object.hasOwn(families, one) ? [families[one]] : []))[0] ?? id;
  return {
    id,
    name: fields['NAME'] || undefined,
    version: fields['VERSION'] || undefined,
    versionId: fields['VERSION_ID'] || undefined,
    family,
  };
}

/** Node's name of an architecture in the words of conditions. */
export function architectureName(architecture: string): string {
  return architecture === 'ia32' ? 'x86' : architecture;
}
