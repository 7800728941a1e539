import { realpath } from 'node:fs/promises';
import { compareVersions, holds, versionProblem } from '@muster/sequence/conditions/compare.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { type System, thisSystem } from '../facts/system.js';
import { ownerOf } from './package-manager.js';
import { look, timeFits } from './path.js';
import { ProbeError } from './probe-error.js';
import { windowsFileVersion } from './windows/powershell.js';

/**
 * A file exists, and its version and its time of change fit where they are asked for. Links are followed; everything that is
 * no folder is a file, devices too.
 *
 * Version: on Linux that of the package which owns the file, in the order of its package manager; on Windows that of the file.
 */
export async function probeFile(
  { file, version, modified }: WorldExpressionOf<'file'>,
  system: System = thisSystem,
): Promise<ProbeAnswer> {
  const found = await look(file);
  if (!found || found.isDirectory()) return { result: false, actual: found ? 'a folder' : 'does not exist' };
  const times = modified ? timeFits(found, modified) : undefined;
  if (times && !times.result) return times;
  if (!version) return times ?? { result: true };
  const problem = versionProblem(version.value);
  if (problem !== undefined) throw new ProbeError('condition.invalid-version', problem);
  const actual = await versionOf(file, system);
  return { result: holds(version.operator, actual.compare(actual.version, version.value)), actual: actual.version };
}

interface FileVersion {
  readonly version: string;
  compare(left: string, right: string): number;
}

async function versionOf(file: string, system: System): Promise<FileVersion> {
  if (system.platform === 'win32') {
    const version = await windowsFileVersion(file, system);
    if (version !== undefined) return { version, compare: compareVersions };
  } else if (system.platform === 'linux') {
    const owner = await ownerOf([await realpath(file), file], system);
    if (owner) return owner;
  }
  const why = system.platform === 'linux' ? 'no package owns it' : 'nothing here tells one';
  throw new ProbeError('condition.file-version-unknown', `the version of "${file}" is not known: ${why}`);
}
