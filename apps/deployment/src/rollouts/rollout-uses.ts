import { neededShare } from '@muster/schedule/rollout/divide-cap.js';
import { openPermits } from '@muster/schedule/rollout/judge-rollout.js';
import type { Summary } from '@muster/service/replication/site-summaries.js';
import { ROLLOUT_USE, type RolloutUse } from './rollout-share.js';
import { RolloutShareRepository, type SharedRollout } from './rollout-share.repository.js';

/** What this site makes of its shares, told upwards. */
export const rolloutUses: Summary<RolloutUse> = {
  kind: ROLLOUT_USE.kind,
  async read(database) {
    const shared = await new RolloutShareRepository().shared(database);
    return new Map(shared.map((one) => [one.deployment, useOf(one)]));
  },
};

function useOf({ told, most, members, rollout }: SharedRollout): RolloutUse {
  if (!rollout) return { told, held: most, needed: 0, groups: [] };
  const { rules, progress, begun } = rollout;
  return {
    told,
    held: Math.max(most, openPermits(progress)),
    needed: begun ? neededShare(rules, progress, members) : 0,
    groups: [...progress.groups],
  };
}
