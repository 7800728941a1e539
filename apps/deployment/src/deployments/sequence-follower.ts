import type { Digest } from '@muster/contracts/digest.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import {
  deployment,
  type DeploymentPolicy,
  type DeploymentSpec,
  type DeploymentStatus,
} from '@muster/contracts/kinds/deployment.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Rollouts } from '../rollouts/rollouts.service.js';
import type { DeploymentRepository } from './deployment.repository.js';
import { countsOf } from './deployment.rules.js';

const { saved } = resourceEvents(deployment);

/** Keeps deployments at the newest revision of their sequence, and their status at what policy made of them. */
export class SequenceFollower {
  constructor(
    private readonly deployments: ResourceStore<DeploymentSpec, DeploymentStatus>,
    private readonly repository: DeploymentRepository,
    private readonly rollouts: Rollouts,
    private readonly outbox: Outbox,
  ) {}

  /** One update for all of its deployments, and a fact for each that changed. */
  async sequenceSaved(tx: Transaction, sequence: Resource<unknown, TaskSequenceStatus>): Promise<void> {
    const { name, uid } = sequence.metadata;
    const { revision, digest } = sequence.status;
    const newest = await this.repository.noteRevision(tx, { uid, name, revision, digest });
    for (const changed of await this.repository.follow(tx, name, newest)) await this.announce(tx, changed);
  }

  /** What policy made of a deployment: its status says so, and whoever watches hears of it. */
  async judged(tx: Transaction, uid: string, policy: DeploymentPolicy, body: Digest | undefined): Promise<void> {
    if (await this.repository.notePolicy(tx, uid, policy)) await this.announce(tx, uid);
    // Behind the deployment: who saves one takes the lock of its rollout second, too.
    if (body !== undefined) await this.rollouts.bodyTold(tx, uid, body);
  }

  /** Deployments of a deleted sequence keep the revision they had: the catalog keeps revisions for ever. */
  async sequenceDeleted(tx: Transaction, sequence: Resource): Promise<void> {
    await this.repository.forgetSequence(tx, sequence.metadata.uid);
  }

  private async announce(tx: Transaction, uid: string): Promise<void> {
    const resource = await this.deployments.rows.findByUid(tx, uid);
    if (!resource) return;
    resource.status.devices = await countsOf(this.repository, tx, uid);
    await this.outbox.add(tx, saved, { resource, actor: 'system' });
  }
}
