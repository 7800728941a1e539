import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import { describeStage } from '@muster/schedule/rollout/decide-permit.js';
import type { RolloutProgress, RolloutStage } from '@muster/schedule/rollout/judge-rollout.js';
import type { RolloutRow } from './rollout.repository.js';

/** How it is told that a rollout is somewhere else than before. Pure. */
export function rolloutEvent(
  { deployment, rules }: Pick<RolloutRow, 'deployment' | 'rules'>,
  judged: { readonly progress: RolloutProgress; readonly stage: RolloutStage },
  actor: string,
  now: number,
): { type: EventType; subject: string; data: EventData } {
  const { stage } = judged;
  return {
    type: stage.stage === 'paused' ? 'rollout.paused' : 'rollout.changed',
    subject: `deployments/${deployment}`,
    data: {
      message: `rollout of ${deployment}: ${describeStage(rules, judged, now)}`,
      deployment,
      ...(stage.stage === 'paused' ? { code: stage.code } : {}),
      ...(actor === 'system' ? {} : { actor }),
    },
  };
}
