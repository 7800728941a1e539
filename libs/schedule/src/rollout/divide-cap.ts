import {
  currentGroup,
  type GroupProgress,
  openPermits,
  placesIn,
  type RolloutProgress,
  startedIn,
} from './judge-rollout.js';
import type { Rollout } from './rollout.js';

/** What the dividing site knows of another one. */
export interface SiteUse {
  readonly site: string;
  /** The share that it was last told; 0: none. */
  readonly told: number;
  /** Whether what it reported last, it reported with that share in force. */
  readonly heard: boolean;
  /** As it reported: it will not have more open until it is told another share. */
  readonly held: number;
  /** As it reported: so many could make use of a share. */
  readonly needed: number;
}

/**
 * Divides a limit among sites that hear of it late, or not while their links are cut. What counts against the limit is, of each site, the
 * greater of what it was told and what it may still hold itself to: so a share that is taken back is given to another site only when the
 * first one has said that it keeps to the smaller one. A site that has not answered keeps what it has. Pure.
 *
 * @param turn goes up with time: where there are fewer places than sites, they take turns
 * @returns the shares that change, by site
 */
export function divideCap(cap: number, sites: readonly SiteUse[], turn: number): ReadonlyMap<string, number> {
  const targets = apportion(cap, sites, turn);
  const targetOf = ({ site }: SiteUse): number => targets.get(site) ?? 0;
  const heard = sites.filter((one) => one.heard);
  const changes = new Map<string, number>();
  let free = cap - sites.reduce((sum, one) => sum + reservedOf(one), 0);
  const lacking = heard.reduce((sum, one) => sum + (lacks(one, targetOf(one)) ? targetOf(one) - one.told : 0), 0);
  if (free < lacking) {
    for (const one of heard) if (targetOf(one) < one.told) changes.set(one.site, targetOf(one));
  }
  for (const one of heard) {
    const reserved = reservedOf(one);
    const share = Math.min(targetOf(one), reserved + Math.max(0, free));
    if (share <= one.told) continue;
    changes.set(one.site, share);
    free -= Math.max(0, share - reserved);
  }
  return changes;
}

/** How many devices of a site could make use of a share: those that wait for a place, twice what is used, and one that may run again. */
export function neededShare(rollout: Rollout, progress: RolloutProgress, members: number): number {
  const open = openPermits(progress);
  if (progress.paused) return open;
  if (members === 0) return open;
  const at = Math.max(0, currentGroup(progress));
  const group = progress.groups[at];
  const rule = rollout.groups[at];
  const started = progress.groups.reduce((sum, one) => sum + startedIn(one), 0);
  const places = group && rule ? placesIn(rule, group) - startedIn(group) : 0;
  const waiting = Math.max(0, Math.min(members - started, places));
  return Math.max(1, open + waiting, 2 * open);
}

/** The groups of all sites as one: open where one of them has opened, good where all that opened are. What somebody forgave stays. */
export function sumProgress(before: RolloutProgress, sites: readonly (readonly GroupProgress[])[]): RolloutProgress {
  const groups = before.groups.map(({ forgiven }, index): GroupProgress => {
    const all = sites.flatMap((one) => one[index] ?? []);
    const opened = all.filter(({ openedAt }) => openedAt !== undefined);
    const good = opened.filter(({ goodAt }) => goodAt !== undefined);
    const sum = (counts: readonly (number | undefined)[]): number =>
      counts.reduce<number>((total, one = 0) => total + one, 0);
    return {
      open: sum(all.map((one) => one.open)),
      succeeded: sum(all.map(({ succeeded }) => succeeded)),
      failed: sum(all.map(({ failed }) => failed)),
      silent: sum(all.map(({ silent }) => silent)),
      forgiven,
      ...(opened.length === 0 ? {} : { openedAt: Math.min(...opened.map(({ openedAt = 0 }) => openedAt)) }),
      ...(opened.length === 0 ? {} : { devices: sum(opened.map(({ devices }) => devices)) }),
      ...(good.length === 0 || good.length < opened.length
        ? {}
        : { goodAt: Math.max(...good.map(({ goodAt = 0 }) => goodAt)) }),
    };
  });
  return { ...before, groups };
}

function reservedOf({ told, held }: SiteUse): number {
  return Math.max(told, held);
}

/** A share that is a little too small is no reason to take from others. */
function lacks({ told }: SiteUse, target: number): boolean {
  return target - told > told / 10;
}

/** What each site should have: what it needs, or its part of the limit by that. At most the limit together. */
function apportion(cap: number, sites: readonly SiteUse[], turn: number): ReadonlyMap<string, number> {
  const asking = sites.filter(({ needed }) => needed > 0).toSorted((one, other) => (one.site < other.site ? -1 : 1));
  const total = asking.reduce((sum, { needed }) => sum + needed, 0);
  if (total <= cap) return new Map(asking.map(({ site, needed }) => [site, needed]));
  const turns = asking.map(({ site }, index) => ({ site, order: (index + turn) % asking.length }));
  if (cap <= asking.length)
    return new Map(turns.map(({ site, order }): [string, number] => [site, order < cap ? 1 : 0]));
  // One for each, and of the others its part; what rounding leaves goes to the largest rests.
  const others = cap - asking.length;
  const parts = asking.map(({ site, needed }, index) => {
    const exact = (others * (needed - 1)) / (total - asking.length);
    return { site, whole: Math.floor(exact), rest: exact % 1, order: turns[index]!.order };
  });
  const left = others - parts.reduce((sum, { whole }) => sum + whole, 0);
  const byRest = parts.toSorted((one, other) => other.rest - one.rest || one.order - other.order);
  return new Map(byRest.map(({ site, whole }, index): [string, number] => [site, 1 + whole + (index < left ? 1 : 0)]));
}
