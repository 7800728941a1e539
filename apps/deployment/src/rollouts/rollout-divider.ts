import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { sameJson } from '@muster/contracts/digest.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { ReplicaLog } from '@muster/replication/replica-log.js';
import { divideCap, sumProgress } from '@muster/schedule/rollout/divide-cap.js';
import { mostOpenPermits } from '@muster/schedule/rollout/judge-rollout.js';
import { ownedKey } from '@muster/service/replication/owned-replicas.js';
import type { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { MembershipRepository } from '../membership/membership.repository.js';
import type { RolloutRepository, RolloutRow } from './rollout.repository.js';
import type { Rollouts } from './rollouts.service.js';
import { divides, readSharing, type SiteSharing, sitesOf } from './rollout-sharing.js';
import { ROLLOUT_SHARE, type RolloutShare } from './rollout-share.js';
import type { RolloutShareRepository } from './rollout-share.repository.js';

const LOOK_MILLISECONDS = 2_000;
/** Where there are fewer places than sites, the next one's turn comes after so long. */
const TURN_MILLISECONDS = 15 * 60_000;

/**
 * At a central site: divides `atMostStarted` of each rollout among the primary sites, and pauses a rollout that has too many errors at all of
 * them together. One process of the site divides at a time.
 */
export class RolloutDivider implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(
    private readonly database: Database,
    private readonly repository: RolloutRepository,
    private readonly shares: RolloutShareRepository,
    private readonly rollouts: Rollouts,
    private readonly membership: Pick<MembershipRepository, 'lock'>,
    private readonly replication: SiteReplication,
    private readonly log: ReplicaLog | undefined,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.round(),
      LOOK_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot divide rollouts among sites right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.log) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    const { log, replication } = this;
    const { hierarchy } = replication;
    if (!log || !divides(hierarchy)) return;
    await this.database.transaction(async (tx) => {
      if (!(await this.shares.isDividing(tx))) return;
      // What other sites sent, and facts of policy, change many rollouts: all wait for each other here.
      await this.membership.lock(tx);
      const sharing = await readSharing(tx, this.shares);
      const rows = new Map((await this.repository.all(tx)).map((row) => [row.deployment, row]));
      for (const deployment of new Set([...rows.keys(), ...sharing.keys()])) {
        const sites = sitesOf(sharing.get(deployment), hierarchy);
        const row = rows.get(deployment);
        const held = row && (await this.rollouts.sumUp(tx, row, (before) => sumProgress(before, groupsOf(sites))));
        await this.divide(tx, log, deployment, row, held, sites);
      }
    });
  }

  private async divide(
    tx: Transaction,
    log: ReplicaLog,
    deployment: string,
    row: RolloutRow | undefined,
    held: string | undefined,
    sites: readonly SiteSharing[],
  ): Promise<void> {
    const cap = row && held === undefined ? mostOpenPermits(row.rules) : 0;
    const turn = Math.floor(Date.now() / TURN_MILLISECONDS);
    const changed = divideCap(cap, sites, turn);
    for (const one of sites) {
      const { site, share } = one;
      const most = changed.get(site) ?? one.told;
      const isOver = !row && one.heard && one.told === 0 && one.held === 0;
      // A share that is not heard yet stays as it was said: what is held there must be known before it is said anew.
      if (!share && most === 0 && held === undefined) continue;
      const content = isOver ? null : { most, ...(held === undefined ? {} : { held }) };
      if (!one.heard || sameShare(share, content)) continue;
      const next: RolloutShare | null = content && { told: uuidv7(), ...content };
      await log.record(tx, ROLLOUT_SHARE, ownedKey(deployment, site), next, { dataClass: 'site', owner: site });
    }
  }
}

function groupsOf(sites: readonly SiteSharing[]) {
  return sites.map(({ use }) => use?.groups ?? []);
}

function sameShare(share: RolloutShare | undefined, next: Omit<RolloutShare, 'told'> | null): boolean {
  if (!share || !next) return share === undefined && next === null;
  const { told: _told, ...before } = share;
  return sameJson(before, next);
}
