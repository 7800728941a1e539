import {
  currentGroup,
  errorsIn,
  type GroupProgress,
  mostOpenPermits,
  neededIn,
  openPermits,
  placesIn,
  type RolloutFacts,
  type RolloutProgress,
  type RolloutStage,
  startedIn,
} from './judge-rollout.js';
import type { Rollout } from './rollout.js';

/** `open`: started, or about to, and not known how it ended; `silent`: not heard of in time. */
export const PERMIT_STATES = ['open', 'succeeded', 'failed', 'silent'] as const;
export type PermitState = (typeof PERMIT_STATES)[number];

/** The permit that a device has for the revision. */
export interface HeldPermit {
  readonly group: number;
  readonly state: PermitState;
}

/** Refused: with when to ask again if nothing is told before. */
export type PermitDecision =
  | { readonly granted: true; readonly group: number }
  | { readonly granted: false; readonly code: string; readonly message: string; readonly askAgainSeconds: number };

/** A place may be free any moment: devices come back so soon that each second about so many ask, whatever the size of the fleet. */
const ASKING_PER_SECOND = 100;
const SOONEST_SECONDS = 10;
/** Devices are told when more of them may start; this is for those that were not. */
const LATER_SECONDS = 900;

/**
 * May a device start now? A device that has a place keeps it, and starts again in the same one. The service acts on it and explain
 * tells it, so they cannot disagree.
 *
 * @param progress as it was just judged, with its stage
 */
export function decidePermit(
  rollout: Rollout,
  { progress, stage }: { readonly progress: RolloutProgress; readonly stage: RolloutStage },
  held: HeldPermit | undefined,
  { now, members, share }: RolloutFacts,
): PermitDecision {
  if (stage.stage === 'paused')
    return refused('rollout.is-paused', `the rollout is paused: ${stage.message}`, LATER_SECONDS);
  if (held?.state === 'open') return { granted: true, group: held.group };
  const most = mostOpenPermits(rollout);
  const open = openPermits(progress);
  if (share?.held !== undefined) return refused('rollout.held-above', share.held, LATER_SECONDS);
  if (share && share.most < most && open >= share.most)
    return refused(
      'rollout.share-used',
      `${open} devices of this site have started and not ended yet; its share is ${share.most} of the ${most} that all sites may have together (atMostStarted)`,
      soonSeconds(members, progress),
    );
  if (open >= most)
    return refused(
      'rollout.enough-started',
      `${open} devices have started and not ended yet; at most ${most} may (atMostStarted)`,
      soonSeconds(members, progress),
    );
  if (held) return { granted: true, group: held.group };
  const index = currentGroup(progress);
  const group = progress.groups[index];
  const rule = rollout.groups[index];
  if (group && rule && startedIn(group) < placesIn(rule, group)) return { granted: true, group: index };
  return refused('rollout.group-not-open', describeStage(rollout, { progress, stage }, now), LATER_SECONDS);
}

/** What a rollout waits for, as a sentence for people. */
export function describeStage(
  rollout: Rollout,
  { progress, stage }: { readonly progress: RolloutProgress; readonly stage: RolloutStage },
  now: number,
): string {
  const nameOf = (index: number): string => rollout.groups[index]?.name ?? '';
  switch (stage.stage) {
    case 'paused':
      return `paused: ${stage.message}`;
    case 'complete':
      return 'complete: all groups are good';
    case 'waiting':
      return stage.for === 'approval'
        ? `group ${nameOf(stage.group)} waits for approval`
        : `group ${nameOf(stage.group)} opens at ${new Date(stage.until).toISOString()}, ${Math.ceil((stage.until - now) / 60_000)} min from now`;
    case 'starting': {
      const next = rollout.groups[stage.group + 1];
      const what = `group ${nameOf(stage.group)}: ${describeGroup(rollout, progress.groups[stage.group]!, stage.group)}`;
      return next ? `${what}; group ${next.name} opens when it is good` : what;
    }
  }
}

/** `3 of 5 started, 2 of 5 needed succeeded, 1 error`. */
function describeGroup(rollout: Rollout, group: GroupProgress, index: number): string {
  const rule = rollout.groups[index]!;
  const places = placesIn(rule, group);
  const started = startedIn(group);
  const errors = errorsIn(group);
  return [
    places === Infinity ? `${started} started` : `${started} of ${places} started`,
    `${group.succeeded} of ${neededIn(rule, group)} needed have succeeded`,
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
  ].join(', ');
}

function soonSeconds(members: number, { groups }: RolloutProgress): number {
  const waiting = members - groups.reduce((sum, group) => sum + startedIn(group), 0);
  return Math.min(LATER_SECONDS, Math.max(SOONEST_SECONDS, Math.ceil(waiting / ASKING_PER_SECOND)));
}

function refused(code: string, message: string, askAgainSeconds: number): PermitDecision {
  return { granted: false, code, message, askAgainSeconds };
}
