import type { Transaction } from '@muster/persistence/database.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { ownerOf } from '@muster/service/replication/owned-replicas.js';
import type { MembershipRepository } from '../membership/membership.repository.js';
import { ROLLOUT_SHARE, type RolloutShare } from './rollout-share.js';
import type { RolloutShareRepository } from './rollout-share.repository.js';
import type { Rollouts } from './rollouts.service.js';

/** The shares that the site above deals this one: kept also of deployments that are not here yet. */
export class RolloutShareKind implements ReplicatedKind {
  readonly kind = ROLLOUT_SHARE.kind;
  readonly schemaVersion = ROLLOUT_SHARE.schemaVersion;
  readonly understand = ROLLOUT_SHARE.understand;

  constructor(
    private readonly site: string,
    private readonly shares: RolloutShareRepository,
    private readonly rollouts: Rollouts,
    private readonly membership: Pick<MembershipRepository, 'lock'>,
  ) {}

  /** Shares of many rollouts come together, in any order: facts that change rollouts wait for all of them. */
  async first(tx: Transaction): Promise<void> {
    await this.membership.lock(tx);
  }

  async use(tx: Transaction, key: string, content: unknown): Promise<void> {
    const about = ownerOf(key);
    if (about?.site !== this.site) return;
    const share = content as RolloutShare | null;
    await this.rollouts.shareTold(tx, about.name, () => this.shares.keep(tx, about.name, share));
  }
}
