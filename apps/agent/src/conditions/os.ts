import { release } from 'node:os';
import { isVersionWithin, versionProblem } from '@muster/sequence/conditions/compare.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { architectureName, osIdentity } from '../facts/os-identity.js';
import { ProbeError } from './probe-error.js';
import { type System, thisSystem } from '../facts/system.js';

/**
 * The operating system is the one of this ID, inside the versions (both inclusive), of this architecture. ID_LIKE does not
 * count: versions of a relative mean something else. A facts query can ask for `os.family`.
 */
export function probeOs(
  { os, minimumVersion, maximumVersion, architecture }: WorldExpressionOf<'os'>,
  system: System = thisSystem,
  windowsVersion: () => string = release,
): Promise<ProbeAnswer> {
  for (const bound of [minimumVersion, maximumVersion]) {
    const problem = bound === undefined ? undefined : versionProblem(bound);
    if (problem !== undefined) throw new ProbeError('condition.invalid-version', problem);
  }
  const { id, versionId } = osIdentity(system, windowsVersion);
  const ownArchitecture = architectureName(system.architecture);
  const actual = [id, versionId, ownArchitecture].filter((part) => part !== undefined).join(' ');
  const answer = (result: boolean): Promise<ProbeAnswer> => Promise.resolve({ result, actual });
  if (id === undefined)
    throw new ProbeError('condition.os-unknown', 'neither /etc/os-release nor /usr/lib/os-release can be read');
  if (id !== os.toLowerCase()) return answer(false);
  if (architecture !== undefined && architecture !== ownArchitecture) return answer(false);
  if (minimumVersion === undefined && maximumVersion === undefined) return answer(true);
  if (versionId === undefined) throw new ProbeError('condition.os-unknown', `${id} does not say its version here`);
  return answer(isVersionWithin(versionId, { minimumVersion, maximumVersion }));
}
