import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Queryable } from '@muster/persistence/database.js';

/** A point to which content is brought by hand. */
export interface PrestagedPoint {
  uid: string;
  name: string;
  spec: DistributionPointSpec;
}

/** Points by name, and the transfers that wait for what was brought there. */
export class PointRepository {
  async find(database: Queryable, name: string): Promise<PrestagedPoint | undefined> {
    const [row] = await database.query<PrestagedPoint & object>(
      'select uid, name, spec from distribution_point where name = $1',
      [name],
    );
    return row;
  }

  /** Transfers of a version to a point that wait, for this too, or have given up, begin again at once. */
  async retryTransfers(database: Queryable, pointUid: string, manifest: Digest): Promise<void> {
    await database.query(
      `update distribution_job set state = 'pending', attempts = 0, next_attempt_at = now(), by_hand = false
       where point_uid = $1 and manifest = $2 and (by_hand or state in ('retrying', 'failed'))`,
      [pointUid, manifest],
    );
  }
}
