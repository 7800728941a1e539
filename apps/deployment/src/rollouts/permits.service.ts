import type { PermitResponse } from '@muster/contracts/agent/permits.js';
import type { askPermit, explainPermits } from '@muster/contracts/requests/ask-permit.js';
import type { Database } from '@muster/persistence/database.js';
import { movePermit } from '@muster/schedule/rollout/change-rollout.js';
import { decidePermit, type PermitDecision } from '@muster/schedule/rollout/decide-permit.js';
import { currentGroup, judgeRollout, type RolloutProgress } from '@muster/schedule/rollout/judge-rollout.js';
import type { z } from 'zod';
import type { PermitRow, RolloutRepository, RolloutRow } from './rollout.repository.js';
import type { Rollouts } from './rollouts.service.js';

/** A device begins the run in this time or asks again … */
const START_WITHIN_SECONDS = 600;
/** … and when nothing is heard of the run so long after, it counts as silent: what has begun had time to say so. */
export const HEARD_WITHIN_MINUTES = 60;
const SOON_SECONDS = 30;

type Question = z.infer<typeof askPermit.question>;
type Explained = z.infer<typeof explainPermits.answer>['permits'][number];

/** What a device is answered, and the rollout as it was judged for it. */
interface Decided {
  readonly decision: PermitDecision;
  readonly progress: RolloutProgress;
  /** The permit of this attempt. */
  readonly held: PermitRow | undefined;
}

/** Gives start permits. A refusal takes no lock, so that a whole fleet may ask. */
export class Permits {
  constructor(
    private readonly database: Database,
    private readonly repository: RolloutRepository,
    private readonly rollouts: Rollouts,
  ) {}

  /** A permit that is granted is kept before it is answered; asking for it again is asking once. */
  async ask(question: Question, now = new Date()): Promise<PermitResponse> {
    const { deploymentUid: uid, deviceUid } = question;
    const row = await this.repository.find(this.database, uid);
    if (!row) return toResponse(notHere());
    const before = decide(row, await this.repository.permitOf(this.database, uid, deviceUid), question.body, now);
    if (!before.decision.granted) return toResponse(before.decision, row);
    return this.database.transaction(async (tx) => {
      const locked = await this.repository.hold(tx, uid);
      if (!locked) return toResponse(notHere());
      const permit = await this.repository.permitOf(tx, uid, deviceUid);
      const { decision, progress, held } = decide(locked, permit, question.body, now);
      if (!decision.granted) return toResponse(decision, locked);
      const { group } = decision;
      const until = new Date(now.getTime() + HEARD_WITHIN_MINUTES * 60_000);
      const { runId: runUid } = question;
      await this.repository.give(tx, { uid, deviceUid, attempt: locked.attempt, group, runUid, now, until });
      const moved = held?.state === 'open' ? progress : movePermit(progress, group, held?.state, 'open');
      await this.rollouts.settle(tx, locked, moved, 'system', now);
      return toResponse(decision, locked);
    });
  }

  /** What a device would be answered; changes nothing. */
  async explain(deviceUid: string, deploymentUids: readonly string[], now = new Date()): Promise<Explained[]> {
    const explained: Explained[] = [];
    for (const uid of deploymentUids) {
      const row = await this.repository.find(this.database, uid);
      if (!row) continue;
      const permit = await this.repository.permitOf(this.database, uid, deviceUid);
      const { decision, progress, held } = decide(row, permit, row.body, now);
      const group = row.rules.groups[held?.group ?? currentGroup(progress)]?.name;
      explained.push({
        deploymentUid: uid,
        granted: decision.granted,
        ...(group === undefined ? {} : { group }),
        ...(decision.granted ? {} : { code: decision.code, message: decision.message }),
      });
    }
    return explained;
  }
}

function decide(row: RolloutRow, permit: PermitRow | undefined, body: string | null, now: Date): Decided {
  const facts = { now: now.getTime(), members: row.members, share: row.share ?? undefined };
  const judged = judgeRollout(row.rules, row.progress, facts);
  const held = permit?.attempt === row.attempt ? permit : undefined;
  const refusal = refuseBefore(row, body);
  const decision = refusal ?? decidePermit(row.rules, judged, held, facts);
  return { decision, progress: judged.progress, held };
}

/** What has nothing to do with how far the rollout is. */
function refuseBefore({ hold, body, deployment }: RolloutRow, asked: string | null): PermitDecision | undefined {
  if (hold !== null) return refused('rollout.held', `deployment "${deployment}" is held: nobody starts it`);
  if (body === null) return refused('rollout.not-begun', `devices are told nothing of deployment "${deployment}" yet`);
  if (asked !== body)
    return refused('rollout.other-body', `what the device would run is not what deployment "${deployment}" runs now`);
  return undefined;
}

function notHere(): PermitDecision {
  return refused('rollout.none', 'the deployment has no rollout any more; ask for policy');
}

function refused(code: string, message: string): PermitDecision {
  return { granted: false, code, message, askAgainSeconds: SOON_SECONDS };
}

function toResponse(decision: PermitDecision, row?: RolloutRow): PermitResponse {
  if (!decision.granted) {
    const { code, message, askAgainSeconds } = decision;
    return { granted: false, code, message, askAgainSeconds };
  }
  const group = row?.rules.groups[decision.group]?.name;
  return { granted: true, startWithinSeconds: START_WITHIN_SECONDS, ...(group === undefined ? {} : { group }) };
}
