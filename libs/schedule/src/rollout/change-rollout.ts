import type { PermitState } from './decide-permit.js';
import {
  currentGroup,
  devicesOf,
  type GroupProgress,
  newProgress,
  type RolloutFacts,
  type RolloutProgress,
  startedIn,
} from './judge-rollout.js';
import type { Rollout } from './rollout.js';

/** A permit of a group is in another state now; without `from` it is a new one, without `to` it is taken back. */
export function movePermit(
  progress: RolloutProgress,
  index: number,
  from: PermitState | undefined,
  to: PermitState | undefined,
): RolloutProgress {
  const moved = (group: GroupProgress): GroupProgress => {
    const counts = { ...group };
    if (from) counts[from] -= 1;
    if (to) counts[to] += 1;
    return counts;
  };
  return { ...progress, groups: progress.groups.map((group, at) => (at === index ? moved(group) : group)) };
}

/**
 * Somebody gave the group that is open another size: it is judged by that from now on, and never by fewer devices than took a place in it.
 * Groups before it keep theirs, and those behind it take theirs when they open.
 */
export function resizeGroup(
  before: Rollout,
  after: Rollout,
  progress: RolloutProgress,
  facts: RolloutFacts,
): RolloutProgress {
  const index = currentGroup(progress);
  const [was, rule, group] = [before.groups[index], after.groups[index], progress.groups[index]];
  if (!was || !rule || !group || (was.size === rule.size && was.percent === rule.percent)) return progress;
  const { goodAt: _judgedAnew, ...kept } = group;
  const devices = Math.max(devicesOf(rule, progress.groups.slice(0, index), facts), startedIn(group));
  return { ...progress, groups: progress.groups.map((one, at) => (at === index ? { ...kept, devices } : one)) };
}

const BY_HAND = 'rollout.paused-by-hand';

/** Somebody wants nobody to start: also where errors have paused it already. Who paused it first stays. */
export function pauseRollout(progress: RolloutProgress, message: string, now: number): RolloutProgress {
  return isPausedByHand(progress) ? progress : { ...progress, paused: { code: BY_HAND, message, at: now } };
}

export function isPausedByHand({ paused }: RolloutProgress): boolean {
  return paused?.code === BY_HAND;
}

/**
 * From the first group again, because what devices run is something else, or the groups are. A pause by hand is the order of a person, and
 * holds until a person takes it back; errors paused what was run before, which counts no more.
 */
export function beginRolloutAnew(rules: Rollout, before: RolloutProgress): RolloutProgress {
  const { paused } = before;
  return { ...newProgress(rules), ...(paused && isPausedByHand(before) ? { paused } : {}) };
}

/** Goes on: what has gone wrong until now is taken, and counts no more. */
export function resumeRollout({ groups }: RolloutProgress): RolloutProgress {
  return {
    groups: groups.map((group) => ({ ...group, forgiven: Math.max(group.forgiven, group.failed + group.silent) })),
  };
}

/**
 * Lets the next group open when its time has come, or at once and whatever became of the one before.
 * @returns undefined when there is no next group, or nothing left to approve
 */
export function approveGroup(
  progress: RolloutProgress,
  forced: boolean,
  needsApproval: (index: number) => boolean,
): { readonly progress: RolloutProgress; readonly group: number } | undefined {
  const group = currentGroup(progress) + 1;
  const next = progress.groups[group];
  if (!next || (!forced && (!needsApproval(group) || next.approval !== undefined))) return undefined;
  const approval = forced ? 'forced' : 'approved';
  return {
    group,
    progress: { ...progress, groups: progress.groups.map((one, at) => (at === group ? { ...one, approval } : one)) },
  };
}
