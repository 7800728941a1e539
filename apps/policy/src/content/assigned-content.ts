import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { RunsUnderWay } from '../runs/runs-under-way.js';
import { PolicyRepository } from '../serving/policy.repository.js';

/**
 * Which content is for a device: what it is told to run, or was until a day ago, and what a run of its own needs that goes on
 * for longer.
 */
@Injectable()
export class AssignedContent {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PolicyRepository) private readonly policies: PolicyRepository,
    @Inject(RunsUnderWay) private readonly runs: RunsUnderWay,
  ) {}

  /**
   * Of these lists of files those that are for the device.
   *
   * @throws MusterError `bus.no-answer` (unavailable) when its runs cannot be asked for
   */
  async of(deviceUid: string, manifests: readonly string[]): Promise<Set<string>> {
    const found = new Set(await this.policies.findManifestsOf(this.database, manifests, deviceUid));
    const rest = manifests.filter((manifest) => !found.has(manifest));
    if (rest.length === 0) return found;
    const past = await this.policies.findPastManifestsOf(this.database, rest, deviceUid);
    const goesOn = await this.runs.since(
      past.map(({ deploymentUid }) => deploymentUid),
      deviceUid,
    );
    for (const { manifest, deploymentUid } of past) if (goesOn.has(deploymentUid)) found.add(manifest);
    return found;
  }
}
