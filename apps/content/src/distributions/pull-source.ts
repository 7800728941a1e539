import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';

/** A point that has a version which another point pulls. */
export interface PulledPoint {
  readonly uid: string;
  readonly name: string;
  readonly spec: DistributionPointSpec;
  /** Blobs of the version that it was proven to hold, and of which nothing bad is known. */
  readonly good: ReadonlySet<Digest>;
}

/** Reads blobs from the first of several points that gives them. */
export class PullSource {
  private readonly givers = new Map<Digest, PulledPoint>();

  /** @param points in the order in which they are asked */
  constructor(
    private readonly points: readonly PulledPoint[],
    private readonly storeOf: (spec: DistributionPointSpec) => ObjectStore,
  ) {}

  /** Of whom the bytes came, or should have come. */
  giverOf(digest: Digest): PulledPoint | undefined {
    return this.givers.get(digest);
  }

  /** @throws StoreError of the last point that was asked */
  async read(digest: Digest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    let failure = new StoreError('missing', `no point that is pulled from has a good copy of ${digest}`);
    for (const point of this.points) {
      if (!point.good.has(digest)) continue;
      try {
        this.givers.set(digest, point);
        return await this.storeOf(point.spec).read(blobKey(digest), signal);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}
