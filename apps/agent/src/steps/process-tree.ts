import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Environment variable that every process of a step inherits; its value names run, step and try. */
export const MARKER_VARIABLE = 'MUSTER_STEP';

/**
 * Kills every process whose environment carries the marker, whatever group, session or parent it moved to.
 * Looks again until none is left (a process may fork while it is being killed), at most two seconds.
 * Without /proc only the process group can be reached. Never touches this process.
 */
export async function killMarked(marker: string, group?: number): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + 2000;
  for (;;) {
    if (group !== undefined) kill(-group);
    const alive = findMarked(marker);
    for (const pid of alive) {
      kill(pid);
      killed.add(pid);
    }
    if (alive.length === 0 || Date.now() > deadline) return killed.size;
    await delay(5);
  }
}

/** Living processes with the marker. */
export function findMarked(marker: string): number[] {
  const wanted = `${MARKER_VARIABLE}=${marker}`;
  return processIds().filter((pid) => pid !== process.pid && readEnvironment(pid).split('\0').includes(wanted));
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** A process of somebody else cannot be read; a zombie has no environment left. Both give nothing. */
function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already, or not ours.
  }
}
