import { Inject, Injectable } from '@nestjs/common';
import { MOST_NAMERS } from '@muster/contracts/requests/find-uses.js';
import { Database } from '@muster/persistence/database.js';
import { RunsUnderWay } from '../runs/runs-under-way.js';
import { ManifestUseRepository, type ManifestUse } from './manifest-use.repository.js';

const HOUR_MILLISECONDS = 3_600_000;

/**
 * Which lists of files computers may need: those that deployments tell of, or told of until a while ago, and those of runs that go
 * on, which may outlast that and their deployment. A run needs what its deployment told when it began, or a while before where the
 * computer was away.
 */
@Injectable()
export class ManifestUses {
  private readonly repository = new ManifestUseRepository();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(RunsUnderWay) private readonly runs: RunsUnderWay,
  ) {}

  /** @throws MusterError `bus.no-answer` when the deployment service cannot be asked for runs: then nobody knows */
  async find(manifests: readonly string[], endedWithinHours: number): Promise<ManifestUse[]> {
    const uses = await this.repository.findUses(this.database, manifests, endedWithinHours);
    const told = new Set(uses.map(({ manifest }) => manifest));
    const rest = manifests.filter((manifest) => !told.has(manifest));
    return [...uses, ...(await this.findOfRuns(rest, endedWithinHours))];
  }

  private async findOfRuns(manifests: readonly string[], endedWithinHours: number): Promise<ManifestUse[]> {
    const past = await this.repository.findPastUses(this.database, manifests);
    const since = await this.runs.since(past.map(({ deploymentUid }) => deploymentUid));
    const needed = new Map<string, string[]>();
    for (const { manifest, deploymentUid, name, endedAt } of past) {
      const began = since.get(deploymentUid);
      if (began === undefined || endedAt.getTime() < began.getTime() - endedWithinHours * HOUR_MILLISECONDS) continue;
      const names = needed.get(manifest) ?? [];
      if (names.length < MOST_NAMERS) needed.set(manifest, [...names, name]);
    }
    return [...needed].map(([manifest, deployments]) => ({ manifest, deployments }));
  }
}
