import type { SystemTree } from './system-tree.js';

/** When this computer was started, in UTC and whole seconds; moves by a second or so with changes of the clock. */
export function lastBootOf(tree: SystemTree): string | undefined {
  const [, seconds] = /^btime (\d{1,12})$/m.exec(tree.text('/proc/stat') ?? '') ?? [];
  return seconds === undefined ? undefined : instantOf(Number(seconds));
}

/** Seconds since 1970 as 2026-01-31T07:58:12Z; undefined where that is no time. */
export function instantOf(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return seconds > 0 && !Number.isNaN(date.getTime()) ? date.toISOString().replace(/\.\d+Z$/, 'Z') : undefined;
}
