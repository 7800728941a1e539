import { readFileSync } from 'node:fs';
import { systemErrorCode } from './up-error.js';

/** A process that cannot be mistaken for a later one with the same number. `startTicks` is null where /proc is missing. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number | null;
}

/** Identity of a running process. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks ?? null };
}

/** True while exactly this process runs: a zombie, or another process that was given the same number, does not count. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') return false;
  }
  if (identity.startTicks === null) return true;
  const stat = readStat(identity.pid);
  return stat !== null && stat.startTicks === identity.startTicks && stat.state !== 'Z';
}

function readStat(pid: number): { state: string; startTicks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name is in brackets and may hold anything; fields are counted after the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}
