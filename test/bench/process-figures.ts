import { readdirSync, readFileSync } from 'node:fs';

/**
 * MiB of memory that a process and all below it take: the sum of what each has for itself and its part of what they share (Pss), so that
 * the buffers of Postgres count once.
 */
export function memoryOf(pid: number): number {
  const children = childrenByParent();
  const pids = [pid];
  for (const one of pids) pids.push(...(children.get(one) ?? []));
  return pids.reduce((sum, one) => sum + ownKibibytes(one), 0) / 1024;
}

/** Milliseconds of processor time that a process took so far, of the kernel for it too; counted in steps of 10. */
export function processorMilliseconds(pid: number): number {
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function ownKibibytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

/** The processes that each process started, as they are now. */
export function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = afterName(readFileSync(`/proc/${name}/stat`, 'utf8'));
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
    } catch {
      // It ended meanwhile.
    }
  }
  return children;
}

/** The fields behind the name of the program, which is in parentheses and may have blanks. */
function afterName(stat: string): string[] {
  return stat.replace(/^.*\)\s/s, '').split(' ');
}
