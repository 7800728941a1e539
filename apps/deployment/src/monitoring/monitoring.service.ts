import { Inject, Injectable } from '@nestjs/common';
import type {
  DeploymentDeviceList,
  DeploymentProgress,
  DeviceState,
} from '@muster/contracts/kinds/deployment-progress.js';
import { readSequence } from '@muster/contracts/requests/read-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Platform } from '@muster/sequence/platforms.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { RolloutActions } from '../rollouts/rollout-actions.service.js';
import { type Monitored, MonitoringRepository } from './monitoring.repository.js';

/** How deployments go. Reads only. */
@Injectable()
export class Monitoring {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(MonitoringRepository) private readonly repository: MonitoringRepository,
    @Inject(RolloutActions) private readonly rollouts: RolloutActions,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  /** @throws MusterError `resource.not-found` */
  async progress(name: string): Promise<DeploymentProgress> {
    const deployment = await this.existing(name);
    const { database, repository } = this;
    const platforms = await this.platformsOf(deployment);
    const [counts, fates, runSeconds, errors, steps, rollout] = await Promise.all([
      repository.counts(database, deployment, platforms),
      repository.fates(database, deployment),
      repository.runSeconds(database, deployment),
      repository.errors(database, deployment),
      repository.steps(database, deployment),
      this.rollouts.find(deployment.uid),
    ]);
    const { targeted, succeeded } = counts.devices;
    return {
      deployment: deployment.name,
      ...(deployment.deletedAt ? { deletedAt: deployment.deletedAt.toISOString() } : {}),
      sequence: deployment.sequence,
      sequenceDigest: deployment.sequenceDigest,
      at: new Date().toISOString(),
      ...(deployment.hold === null ? {} : { hold: deployment.hold }),
      ...(deployment.policy && deployment.policy.state !== 'compiled' ? { policy: deployment.policy } : {}),
      ...counts,
      fates,
      ...(rollout ? { rollout } : {}),
      succeededPercent: targeted === 0 ? 0 : Math.round((succeeded / targeted) * 1000) / 10,
      ...(runSeconds ? { runSeconds } : {}),
      errors,
      steps,
    };
  }

  /** @throws MusterError `resource.not-found`, `request.bad-continue` */
  async devices(
    name: string,
    page: { state?: DeviceState | undefined; limit: number; continue?: string | undefined },
  ): Promise<DeploymentDeviceList> {
    const [after = ''] = decodePosition(page.continue, ['string']);
    const deployment = await this.existing(name);
    const found = await this.repository.devices(this.database, deployment, await this.platformsOf(deployment), {
      state: page.state,
      after,
      limit: page.limit + 1,
    });
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    return {
      metadata: {
        ...(deployment.deletedAt ? { deletedAt: deployment.deletedAt.toISOString() } : {}),
        ...(found.length > page.limit && last ? { continue: encodePosition([last.device]) } : {}),
      },
      items,
    };
  }

  /** Of the revision that devices run. Without the catalog nobody is said to reject it: how it goes is told all the same. */
  private async platformsOf({ sequence, sequenceDigest }: Monitored): Promise<readonly Platform[] | undefined> {
    try {
      const wanted = { name: sequence, digest: sequenceDigest };
      return (await this.bus.request(readSequence, wanted)).sequence?.spec.platforms;
    } catch (error) {
      if (error instanceof MusterError) return undefined;
      throw error;
    }
  }

  private async existing(name: string): Promise<Monitored> {
    const found = await this.repository.find(this.database, name);
    if (found) return found;
    throw new MusterError('not-found', 'resource.not-found', `There is and was no Deployment "${name}"`);
  }
}
