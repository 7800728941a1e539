import { sameJson, type Digest } from '@muster/contracts/digest.js';
import { rolloutChanged } from '@muster/contracts/events/rollout-changed.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { RolloutAction } from '@muster/contracts/kinds/deployment-rollout.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import {
  approveGroup,
  beginRolloutAnew,
  isPausedByHand,
  movePermit,
  pauseRollout,
  resizeGroup,
  resumeRollout,
} from '@muster/schedule/rollout/change-rollout.js';
import {
  currentGroup,
  findTooManyErrors,
  judgeRollout,
  newProgress,
  type RolloutProgress,
  type RolloutStage,
} from '@muster/schedule/rollout/judge-rollout.js';
import type { Rollout } from '@muster/schedule/rollout/rollout.js';
import type { Logger } from 'pino';
import type { EventLog } from '../events/event-log.js';
import type { RunProgress } from '../runs/run-progress.js';
import { rolloutEvent } from './rollout-event.js';
import type { RolloutRepository, RolloutRow } from './rollout.repository.js';

/** A run of which nothing was heard for so long ends its permit as silent. */
const SILENT_HOURS = 24;

type Deployment = Resource<DeploymentSpec, DeploymentStatus>;

/**
 * Takes rollouts further: by what is saved, by what devices are told, by the ends of runs, by people and by time. Every change is judged
 * in its own transaction under the lock of its rollout.
 */
export class Rollouts {
  constructor(
    private readonly repository: RolloutRepository,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
    private readonly logger: Logger,
  ) {}

  /** Part of the transaction that saves a deployment. Other groups are another rollout; other limits count at once. */
  async deploymentSaved(
    tx: Transaction,
    { metadata, spec }: Deployment,
    previous: Deployment | undefined,
  ): Promise<void> {
    const { uid } = metadata;
    if (!spec.rollout) {
      if (previous?.spec.rollout) await this.repository.remove(tx, uid);
      return;
    }
    await this.repository.insert(tx, uid, newProgress(spec.rollout));
    const row = await this.repository.hold(tx, uid);
    const before = previous?.spec.rollout;
    if (!row || !before) return;
    if (namesOf(before) === namesOf(spec.rollout)) {
      const facts = { now: Date.now(), members: row.members };
      await this.settle(tx, row, resizeGroup(before, spec.rollout, row.progress, facts), 'system');
    } else await this.beginAnew(tx, row, beginRolloutAnew(row.rules, row.progress), 'system');
  }

  /** Before facts of several deployments and runs are applied: takes all that they change of deployments and rollouts, in the one order. */
  async holdMany(tx: Transaction, deploymentUids: readonly string[], runUids: readonly string[]): Promise<void> {
    if (deploymentUids.length + runUids.length > 0) await this.repository.holdMany(tx, deploymentUids, runUids);
  }

  /** Devices are told to run something: when it is something else than before, the rollout begins anew. */
  async bodyTold(tx: Transaction, uid: string, body: Digest): Promise<void> {
    const row = await this.repository.hold(tx, uid);
    if (!row || row.body === body) return;
    // What is still open is of another body: it counts neither here nor against the most that may be open.
    const attempt = row.body === null ? row.attempt : row.attempt + 1;
    await this.settle(tx, { ...row, body, attempt }, beginRolloutAnew(row.rules, row.progress), 'system');
  }

  /** Those of these runs that began with a permit: `runTold` is for them. */
  async permitted(tx: Transaction, runUids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(await this.repository.permittedOf(tx, runUids));
  }

  /** What is heard of a run, in the transaction that keeps it. */
  async runTold(tx: Transaction, runUid: string, { end }: RunProgress, now = new Date()): Promise<void> {
    const uid = await this.repository.deploymentOfRun(tx, runUid);
    if (uid === undefined) return;
    if (!end) return this.repository.heard(tx, runUid, new Date(now.getTime() + SILENT_HOURS * 3_600_000));
    const row = await this.repository.hold(tx, uid);
    const permit = row && (await this.repository.end(tx, runUid, end.result));
    if (!permit || permit.attempt !== row.attempt) return;
    await this.settle(tx, row, movePermit(row.progress, permit.group, permit.state, end.result), 'system', now);
  }

  /** The site above deals this one another share. The rollout is locked first, as for a permit: who gives one sees the new share or is before it. */
  async shareTold(tx: Transaction, deployment: string, keep: () => Promise<void>): Promise<void> {
    const found = await this.repository.named(tx, deployment);
    // The deployment, too: what comes behind this share in the same transaction may change it.
    if (found?.hasRollout) await this.repository.holdMany(tx, [found.uid]);
    const row = found?.hasRollout ? await this.repository.hold(tx, found.uid) : undefined;
    await keep();
    if (row) await this.settle(tx, row, row.progress, 'system');
  }

  /**
   * At a site that divides a rollout among others: it is what they report of it together. Too many errors of all hold it everywhere, until
   * they are taken, or the sites have begun anew.
   *
   * @returns why nobody may start anywhere; undefined: they may
   */
  async sumUp(
    tx: Transaction,
    listed: RolloutRow,
    sum: (before: RolloutProgress) => RolloutProgress,
    now = new Date(),
  ): Promise<string | undefined> {
    const judged = ({ rules, progress }: RolloutRow) => judgeSum(rules, sum(progress), now.getTime());
    if (sameJson(judged(listed), listed.progress)) return heldBy(listed.progress);
    const row = await this.repository.hold(tx, listed.uid);
    if (!row) return undefined;
    const progress = judged(row);
    await this.repository.save(tx, { ...row, progress }, null);
    if (progress.paused && !row.progress.paused) {
      const stage = { stage: 'paused', ...progress.paused } as const;
      const { type, subject, data } = rolloutEvent(row, { progress, stage }, 'system', now.getTime());
      await this.events.add(tx, type, subject, data);
      tx.afterCommit(() => this.say(row, stage, 'system'));
    }
    return heldBy(progress);
  }

  /** Time has come for a rollout. */
  async timePassed(tx: Transaction, uid: string, expiring: boolean, now: Date): Promise<void> {
    const row = await this.repository.hold(tx, uid);
    if (!row) return;
    const silent = expiring ? await this.repository.expire(tx, row, now) : [];
    const progress = silent.reduce((all, group) => movePermit(all, group, 'open', 'silent'), row.progress);
    await this.settle(tx, row, progress, 'system', now);
  }

  /** @throws MusterError `rollout.none`, `rollout.not-paused`, `rollout.nothing-to-approve`, `rollout.other-group` */
  async act(tx: Transaction, uid: string, request: RolloutAction, actor: string, now = new Date()): Promise<void> {
    const found = await this.repository.hold(tx, uid);
    if (!found) throw noRollout(uid);
    const { action, reason } = request;
    const row = {
      ...found,
      lastAction: { action, actor, at: now.toISOString(), ...(reason === undefined ? {} : { reason }) },
    };
    if (action === 'restart') return this.beginAnew(tx, row, newProgress(row.rules), actor, now);
    await this.settle(tx, row, changed(row, request, actor, now), actor, now);
  }

  /**
   * Judges a rollout as it is now, keeps it, and tells of what became of it.
   * @param progress what it is after the change, not judged yet
   */
  async settle(
    tx: Transaction,
    row: RolloutRow,
    progress: RolloutProgress,
    actor: string,
    now = new Date(),
  ): Promise<void> {
    if (row.body === null) return this.repository.save(tx, { ...row, progress }, null);
    const judged = judgeRollout(row.rules, progress, { now: now.getTime(), members: row.members });
    const { stage } = judged;
    const told = tellingOf(stage);
    const before = await this.repository.find(tx, row.uid);
    const change = before && mayStartMore(before, row, judged.progress) ? row.change + 1 : row.change;
    const dueAt = stage.stage === 'waiting' && stage.for === 'time' ? new Date(stage.until) : null;
    await this.repository.save(tx, { ...row, progress: judged.progress, change, stage: told }, dueAt);
    if (told === row.stage && change === row.change) return;
    await this.outbox.add(tx, rolloutChanged, { deploymentUid: row.uid, change, stage: told, actor });
    const { type, subject, data } = rolloutEvent(row, judged, actor, now.getTime());
    await this.events.add(tx, type, subject, data);
    tx.afterCommit(() => this.say(row, stage, actor));
  }

  /** The same body again from the first group on; devices that are at it are the first of it. */
  private async beginAnew(
    tx: Transaction,
    row: RolloutRow,
    fresh: RolloutProgress,
    actor: string,
    now = new Date(),
  ): Promise<void> {
    const open = await this.repository.carryOver(tx, row);
    const groups = fresh.groups.map((group, index) => (index === 0 ? { ...group, open } : group));
    const progress = { ...fresh, groups };
    await this.settle(tx, { ...row, attempt: row.attempt + 1 }, progress, actor, now);
  }

  private say({ uid, deployment }: RolloutRow, stage: RolloutStage, actor: string): void {
    const what = { deployment: { uid, name: deployment }, ...stage, actor };
    if (stage.stage === 'paused') this.logger.warn(what, `the rollout of deployment "${deployment}" is paused`);
    else this.logger.info(what, `the rollout of deployment "${deployment}" is ${tellingOf(stage)}`);
  }
}

export function noRollout(deployment: string): MusterError {
  return new MusterError(
    'not-found',
    'rollout.none',
    `Deployment "${deployment}" has no rollout: its devices start all at once`,
  );
}

function changed(row: RolloutRow, request: RolloutAction, actor: string, now: Date): RolloutProgress {
  const { progress, rules, deployment } = row;
  switch (request.action) {
    case 'pause':
      return pauseRollout(progress, request.reason ?? `by ${actor}`, now.getTime());
    case 'resume':
      if (progress.paused) return resumeRollout(progress);
      throw new MusterError(
        'conflict',
        'rollout.not-paused',
        `The rollout of deployment "${deployment}" is not paused`,
      );
    case 'approve':
      return approved(rules, progress, request, deployment);
    case 'restart':
      return newProgress(rules);
  }
}

function approved(
  rules: Rollout,
  progress: RolloutProgress,
  { group, force = false }: RolloutAction,
  deployment: string,
): RolloutProgress {
  const next = rules.groups[currentGroup(progress) + 1];
  if (next && group !== undefined && next.name !== group) {
    throw new MusterError(
      'conflict',
      'rollout.other-group',
      `The next group of deployment "${deployment}" is "${next.name}", not "${group}". Look at its rollout again`,
    );
  }
  const done = approveGroup(progress, force, (index) => rules.groups[index]?.approval === true);
  if (done) return done.progress;
  const why = next ? `group "${next.name}" needs no approval, or has it` : 'its last group is open';
  throw new MusterError(
    'conflict',
    'rollout.nothing-to-approve',
    `Nothing of deployment "${deployment}" waits for approval: ${why}`,
  );
}

/** What somebody paused stays so; what errors hold goes on when they count no more. */
function judgeSum(rules: Rollout, progress: RolloutProgress, now: number): RolloutProgress {
  const { paused, ...rest } = progress;
  if (isPausedByHand(progress)) return progress;
  const over = findTooManyErrors(rules, rest);
  return over ? { ...rest, paused: paused ?? { ...over, at: now } } : rest;
}

function heldBy({ paused }: RolloutProgress): string | undefined {
  return paused && `the rollout is paused for all sites: ${paused.message}`;
}

function namesOf({ groups }: Rollout): string {
  return groups.map(({ name }) => name).join(' ');
}

function tellingOf(stage: RolloutStage): string {
  return stage.stage === 'waiting' ? `waiting-for-${stage.for}` : stage.stage;
}

/** Of the group that is open. */
function devicesIn(progress: RolloutProgress): number {
  return progress.groups[currentGroup(progress)]?.devices ?? 0;
}

/** May devices start now that could not before? A place that becomes free is not told: there is always somebody who asks. */
function mayStartMore(before: RolloutRow, row: RolloutRow, after: RolloutProgress): boolean {
  if (after.paused) return false;
  return (
    // A share was kept since the row was read.
    (row.share?.held !== undefined && before.share?.held === undefined) ||
    before.attempt !== row.attempt ||
    before.body !== row.body ||
    before.progress.paused !== undefined ||
    currentGroup(after) > currentGroup(before.progress) ||
    devicesIn(after) > devicesIn(before.progress)
  );
}
