import { DEFAULT_AT_MOST_STARTED, neededOf, type Rollout, type RolloutGroup } from './rollout.js';

/** What became of a group, in devices. All instants are milliseconds since 1970. */
export interface GroupProgress {
  /** Undefined: it has not opened. */
  readonly openedAt?: number | undefined;
  /** Of how many devices it is judged: fixed when it opens, or when somebody gives the open group another size. */
  readonly devices?: number | undefined;
  /** Started, and not known how it ended. */
  readonly open: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Had a permit, and were not heard of in time. */
  readonly silent: number;
  /** Errors that somebody who resumed the rollout has taken: they count no more. */
  readonly forgiven: number;
  /** When enough of it had succeeded. */
  readonly goodAt?: number | undefined;
  /** `approved`: it may open when its time has come; `forced`: whatever became of the group before. */
  readonly approval?: 'approved' | 'forced' | undefined;
}

/** How far a rollout is. Counters and marks only: its size does not depend on how many devices there are. */
export interface RolloutProgress {
  readonly groups: readonly GroupProgress[];
  readonly paused?: { readonly code: string; readonly message: string; readonly at: number } | undefined;
}

/** What a rollout does now. */
export type RolloutStage =
  | { readonly stage: 'starting'; readonly group: number }
  | { readonly stage: 'waiting'; readonly for: 'time'; readonly group: number; readonly until: number }
  | { readonly stage: 'waiting'; readonly for: 'approval'; readonly group: number }
  | { readonly stage: 'paused'; readonly code: string; readonly message: string }
  | { readonly stage: 'complete' };

/** What a site may have open of a deployment that all sites share, as the site above them last told it. */
export interface Share {
  /** At most so many devices have started at this site, and it is not known how it ended. */
  readonly most: number;
  /** Why nobody starts anywhere, for people; absent: they may. */
  readonly held?: string | undefined;
}

export interface RolloutFacts {
  readonly now: number;
  /** Members of the collection. */
  readonly members: number;
  /** Of `atMostStarted`, where all sites of a hierarchy share it; undefined: this site has it alone. */
  readonly share?: Share | undefined;
}

const NOTHING: GroupProgress = { open: 0, succeeded: 0, failed: 0, silent: 0, forgiven: 0 };

/** A rollout that has not begun. */
export function newProgress({ groups }: Rollout): RolloutProgress {
  return { groups: groups.map(() => NOTHING) };
}

/**
 * Takes a rollout as far as it may go now: opens groups, marks what is good, pauses on too many errors. Whatever is not known to
 * be good is not: a device of which nothing is heard is an error, and a group in which too few devices have started is never good by
 * itself. Judging twice changes nothing.
 *
 * @param rollout its groups are those of the progress, in their order
 */
export function judgeRollout(
  rollout: Rollout,
  before: RolloutProgress,
  facts: RolloutFacts,
): { readonly progress: RolloutProgress; readonly stage: RolloutStage } {
  if (before.paused) return { progress: before, stage: { stage: 'paused', ...before.paused } };
  const over = findTooManyErrors(rollout, before);
  if (over) {
    const paused = { ...over, at: facts.now };
    return { progress: { ...before, paused }, stage: { stage: 'paused', ...paused } };
  }
  const groups = [...before.groups];
  const stage = open(rollout, groups, facts);
  return { progress: { ...before, groups }, stage };
}

/** The first group that has more errors than it may have, as a sentence for people. */
export function findTooManyErrors(
  rollout: Rollout,
  { groups }: RolloutProgress,
): { readonly code: string; readonly message: string } | undefined {
  const worst = rollout.groups.findIndex((group, index) => isOverBudget(group, groups[index] ?? NOTHING));
  return worst < 0 ? undefined : tooManyErrors(rollout.groups[worst]!, groups[worst]!);
}

/** The group that gives permits now; -1: none has opened. */
export function currentGroup({ groups }: RolloutProgress): number {
  return groups.findLastIndex(({ openedAt }) => openedAt !== undefined);
}

/** Devices that have a permit, and of which it is not known how it ended. */
export function openPermits({ groups }: RolloutProgress): number {
  return groups.reduce((sum, { open: count }) => sum + count, 0);
}

export function mostOpenPermits({ atMostStarted = DEFAULT_AT_MOST_STARTED }: Rollout): number {
  return atMostStarted;
}

/** Devices that took a place in a group. */
export function startedIn({ open: count, succeeded, failed, silent }: GroupProgress): number {
  return count + succeeded + failed + silent;
}

/** How many devices may take a place: no limit in a group for all others. */
export function placesIn({ size, percent }: RolloutGroup, { devices = 0 }: GroupProgress): number {
  return size === undefined && percent === undefined ? Infinity : devices;
}

/** How many of a group must succeed for the next one to open. */
export function neededIn(group: RolloutGroup, { devices = 0, forgiven }: GroupProgress): number {
  return neededOf(group, Math.max(0, devices - forgiven));
}

/** How many errors a group may have. */
export function errorsAllowedIn(group: RolloutGroup, progress: GroupProgress): number {
  const left = Math.max(0, (progress.devices ?? 0) - progress.forgiven) - neededIn(group, progress);
  return Math.min(group.errors ?? Infinity, left);
}

/** Errors that count. */
export function errorsIn({ failed, silent, forgiven }: GroupProgress): number {
  return Math.max(0, failed + silent - forgiven);
}

function isOverBudget(group: RolloutGroup, progress: GroupProgress): boolean {
  return progress.openedAt !== undefined && errorsIn(progress) > errorsAllowedIn(group, progress);
}

function tooManyErrors(group: RolloutGroup, progress: GroupProgress): { code: string; message: string } {
  const { failed, silent } = progress;
  const what = [failed > 0 ? `${failed} failed` : '', silent > 0 ? `${silent} fell silent` : ''].filter(Boolean);
  return {
    code: 'rollout.too-many-errors',
    message: `in group ${group.name} ${what.join(' and ')}, and at most ${errorsAllowedIn(group, progress)} may`,
  };
}

/** Opens group after group, as far as it goes. */
function open(rollout: Rollout, groups: GroupProgress[], facts: RolloutFacts): RolloutStage {
  for (;;) {
    const index = currentGroup({ groups });
    const next = groups[index + 1];
    const forced = next?.approval === 'forced';
    if (index >= 0 && !forced) {
      const rule = rollout.groups[index]!;
      const good = markGood(rule, groups[index]!, facts.now);
      groups[index] = good;
      if (good.goodAt === undefined) return { stage: 'starting', group: index };
      if (!next) return { stage: 'complete' };
      const until = good.goodAt + (rule.waitMinutes ?? 0) * 60_000;
      if (facts.now < until) return { stage: 'waiting', for: 'time', group: index + 1, until };
    }
    if (!next) return { stage: 'complete' };
    const rule = rollout.groups[index + 1]!;
    if (rule.approval === true && next.approval === undefined)
      return { stage: 'waiting', for: 'approval', group: index + 1 };
    groups[index + 1] = { ...next, openedAt: facts.now, devices: devicesOf(rule, groups, facts) };
  }
}

/** A group that is good stays good: what fails later counts as an error. */
function markGood(rule: RolloutGroup, group: GroupProgress, now: number): GroupProgress {
  return group.goodAt === undefined && group.succeeded >= neededIn(rule, group) ? { ...group, goodAt: now } : group;
}

/** Of how many devices a group is judged that opens behind these. */
export function devicesOf(
  { size, percent }: RolloutGroup,
  groups: readonly GroupProgress[],
  { members }: RolloutFacts,
): number {
  if (size !== undefined) return size;
  if (percent !== undefined) return Math.max(1, Math.ceil(Number(((members * percent) / 100).toFixed(6))));
  return Math.max(0, members - groups.reduce((sum, group) => sum + startedIn(group), 0));
}
