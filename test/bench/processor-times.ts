import { readFileSync } from 'node:fs';
import { childrenByParent, processorMilliseconds } from './process-figures.js';

/** Milliseconds of processor time by what they were spent for. */
export type ProcessorTimes = Readonly<Record<string, number>>;

/**
 * What each process of a site has used so far with all below it. Backends of Postgres are told apart by the service that they serve
 * (`postgres of policy`), what Postgres does for all is `postgres`.
 *
 * @param pids of the site's processes by name
 */
export function processorTimes(pids: Readonly<Record<string, number>>): ProcessorTimes {
  const children = childrenByParent();
  const times: Record<string, number> = {};
  const add = (name: string, pid: number): void => {
    try {
      times[name] = (times[name] ?? 0) + processorMilliseconds(pid);
    } catch {
      // It ended meanwhile.
    }
  };
  for (const [name, pid] of Object.entries(pids)) {
    const below = [pid];
    for (const one of below) {
      below.push(...(children.get(one) ?? []));
      const served = name === 'postgres' && servedBy(one);
      add(served ? `postgres of ${served}` : name, one);
    }
  }
  return times;
}

/** What several pieces of work took. */
export class ProcessorBill {
  private readonly used = new Map<string, number>();
  private units = 0;

  /** @param units that were done between two looks */
  add(before: ProcessorTimes, after: ProcessorTimes, units: number): void {
    this.units += units;
    for (const [name, time] of Object.entries(after)) {
      // Backends of Postgres come and go.
      const more = Math.max(0, time - (before[name] ?? 0));
      this.used.set(name, (this.used.get(name) ?? 0) + more);
    }
  }

  /** Milliseconds for each unit, the most first; what is nothing is left out. */
  perUnit(): ProcessorTimes {
    const each = [...this.used].map(([name, time]): [string, number] => [
      name,
      Math.round((10 * time) / this.units) / 10,
    ]);
    return Object.fromEntries(each.filter(([, time]) => time > 0).sort(([, one], [, other]) => other - one));
  }
}

/** The role whose backend it is. */
function servedBy(pid: number): string | undefined {
  try {
    return /^postgres: (\w+) \w+ [\d.]+\(/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
