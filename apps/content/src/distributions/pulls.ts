import type { Database } from '@muster/persistence/database.js';
import type { Stores } from '../stores/stores.js';
import type { ClaimedJob } from './distribution-job.repository.js';
import type { PullRepository } from './pull.repository.js';
import { PullSource } from './pull-source.js';
import type { WakeUp } from './wake-up.js';

/** None of the points that a point pulls from has the version yet. */
export class NothingToPullError extends Error {
  override name = 'NothingToPullError';
}

/** Content that points get from other points instead of from the library. */
export class Pulls {
  constructor(
    private readonly database: Database,
    private readonly repository: PullRepository,
    private readonly stores: Stores,
    private readonly wakeUp: WakeUp,
  ) {}

  /**
   * Where the bytes of a job come from; undefined: from the library.
   *
   * @throws NothingToPullError
   */
  async sourceFor({ point, manifest }: Pick<ClaimedJob, 'point' | 'manifest'>): Promise<PullSource | undefined> {
    const { pullFrom, prestaged } = point.spec;
    if (!pullFrom || prestaged) return undefined;
    const points = await this.repository.findSources(this.database, point.uid, manifest);
    if (points.length > 0) return new PullSource(points, (spec) => this.stores.point(spec));
    const names = pullFrom.map(({ point: name }) => `"${name}"`).join(', ');
    throw new NothingToPullError(`waits until one of the points that it pulls from has this version: ${names}`);
  }

  /** A job was given back because no point has its version. One may have got it meanwhile, and told only those that waited already. */
  async lookAgain({ id }: Pick<ClaimedJob, 'id'>): Promise<void> {
    if (await this.repository.wakeIfThere(this.database, id)) this.wakeUp.wake();
  }

  /** A point has a version: those that pull it from there need not wait any longer. */
  async tell({ point, manifest }: Pick<ClaimedJob, 'point' | 'manifest'>): Promise<void> {
    if (await this.repository.wakePullers(this.database, point.name, manifest)) this.wakeUp.wake();
  }
}
