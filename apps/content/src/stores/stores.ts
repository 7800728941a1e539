import { isDeepStrictEqual } from 'node:util';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Logger } from 'pino';
import type { ContentConfig, StoreKeys } from '../config.js';
import { StoreError, type ObjectStore } from './object-store.js';
import { PointKeys } from './point-keys.js';
import { S3Store } from './s3-store.js';

const REGION = 'us-east-1';
/** How often the buckets of our own are looked for, once they are there. */
const LOOK_EVERY_MILLISECONDS = 60_000;

/** The library and the points, as stores. Makes the buckets that belong to this site as soon as their store answers. */
export class Stores {
  readonly library: ObjectStore;
  private readonly keys: PointKeys;
  private readonly points = new Map<string, { readonly keys: StoreKeys; readonly store: ObjectStore }>();
  private readonly own: ObjectStore[];
  private readonly preparing: Loop;

  /** @throws ConfigError when the credentials file is wrong */
  constructor(config: ContentConfig, logger: Logger) {
    this.keys = new PointKeys(config, logger);
    this.library = new S3Store(
      {
        endpoint: config.MUSTER_LIBRARY_ENDPOINT,
        region: config.MUSTER_LIBRARY_REGION,
        bucket: config.MUSTER_LIBRARY_BUCKET,
      },
      { accessKeyId: config.MUSTER_LIBRARY_ACCESS_KEY, secretAccessKey: config.MUSTER_LIBRARY_SECRET_KEY },
    );
    this.own = [this.library];
    const { MUSTER_DP_ENDPOINT: endpoint, MUSTER_DP_BUCKET: bucket, MUSTER_DP_REGION: region } = config;
    const local = this.keys.find('local');
    if (endpoint !== undefined && bucket !== undefined && local) {
      this.own.push(new S3Store({ endpoint, bucket, region }, local));
    }
    this.preparing = new Loop(
      async () => {
        await Promise.all(this.own.map((store) => store.ensureBucket()));
      },
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ reason: (error as Error).message }, 'the buckets are not ready yet; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.preparing.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.preparing.stop();
  }

  /** Names that `spec.credentials` may have here. */
  credentialNames(): string[] {
    return this.keys.names();
  }

  /** @throws StoreError when this service has no keys of that name */
  point(spec: DistributionPointSpec): ObjectStore {
    const keys = this.keys.find(spec.credentials);
    if (!keys) {
      throw new StoreError(
        'refused',
        `the content service has no credentials "${spec.credentials}" (it has: ${this.credentialNames().join(', ') || 'none'})`,
      );
    }
    const address = { endpoint: spec.endpoint, region: spec.region ?? REGION, bucket: spec.bucket };
    const key = JSON.stringify([address, spec.credentials]);
    const known = this.points.get(key);
    if (known && isDeepStrictEqual(known.keys, keys)) return known.store;
    const store = new S3Store(address, keys);
    this.points.set(key, { keys, store });
    return store;
  }
}
