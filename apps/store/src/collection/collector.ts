import { randomInt } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Bucket, BucketFolders } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { SHARDS } from '../folder/layout.js';
import type { ObjectStore } from '../objects/object-store.js';
import { parsePointer } from '../objects/pointer.js';
import { systemCode } from '../start-error.js';
import type { UploadFiles } from '../uploads/upload-files.js';
import { SeenIds } from './seen-ids.js';

/** Pointers read side by side: a collection is to be noticed by nobody. */
const READS_AT_ONCE = 4;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What a collection did. */
export interface Collection {
  blobsSeen: number;
  /** Blobs that nothing named: left by a kill between two steps of a request, by a deleted bucket, or by a failed removal. */
  blobsRemoved: number;
  uploadsExpired: number;
  milliseconds: number;
}

interface Settings {
  buckets: BucketFolders;
  objects: ObjectStore;
  uploads: UploadFiles;
  logger: Logger;
  uploadDays: number;
  collectHours: number;
}

/**
 * Removes blobs that no pointer and no part of an upload names, and uploads that nobody goes on with. Safe beside running requests:
 * what a request has begun since the collection began is left alone (`BlobFiles.isFree`), and parts are looked at before pointers, as
 * completing an upload moves blobs from the one to the other. It can be killed at any point.
 */
export class Collector {
  private timer: NodeJS.Timeout | undefined;
  /** Ends when the collections that were asked for have ended. */
  private last: Promise<unknown> = Promise.resolve();
  private stopping = false;

  constructor(private readonly settings: Settings) {}

  /** Collects now and from then on every so many hours. */
  start(): void {
    const run = (): void => {
      this.collect().then(
        (collection) => this.settings.logger.info(collection, 'collected'),
        (error: unknown) => {
          if (!this.stopping) this.settings.logger.error({ err: error }, 'collection gave up; nothing is lost');
        },
      );
    };
    this.timer = setInterval(run, this.settings.collectHours * 60 * 60 * 1000);
    this.timer.unref();
    run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.last;
  }

  /**
   * One collection, after those under way.
   * @throws Error when a pointer cannot be read: what it names is not known, so nothing is removed
   */
  collect(): Promise<Collection> {
    const mine = this.last.then(() => this.run());
    this.last = mine.catch(() => undefined);
    return mine;
  }

  /** Removes the rests of completed uploads and those that have expired. @returns how many had expired */
  async tidyUploads(): Promise<number> {
    const before = new Date(Date.now() - this.settings.uploadDays * DAY_MILLISECONDS);
    let expired = 0;
    for (const bucket of this.settings.buckets.list()) {
      expired += await this.settings.uploads.tidy(bucket, before).catch((error: unknown) => {
        // Deleted meanwhile, with all that was in it.
        const isGone = error instanceof S3Error && error.code === 'NoSuchBucket';
        if (!isGone && this.settings.buckets.find(bucket.name) === bucket) throw error;
        return 0;
      });
    }
    return expired;
  }

  private async run(): Promise<Collection> {
    this.assertGoingOn();
    const startedAt = performance.now();
    const { blobs } = this.settings.objects;
    blobs.beginCollection();
    try {
      const uploadsExpired = await this.tidyUploads();
      let blobsSeen = 0;
      for (const shard of SHARDS) blobsSeen += (await blobs.inShard(shard)).length;
      const seen = new SeenIds(blobsSeen, randomInt(2 ** 32));
      for (const bucket of this.settings.buckets.list()) await this.markParts(bucket, seen);
      for (const bucket of this.settings.buckets.list()) await this.markPointers(bucket, seen);
      const blobsRemoved = await this.sweep(seen);
      return { blobsSeen, blobsRemoved, uploadsExpired, milliseconds: Math.round(performance.now() - startedAt) };
    } finally {
      blobs.endCollection();
    }
  }

  private async markParts(bucket: Bucket, seen: SeenIds): Promise<void> {
    const { uploads } = this.settings;
    for (const { id } of await uploads.list(bucket)) {
      for (const { blob } of await uploads.parts(bucket, id)) seen.add(blob);
    }
  }

  private async markPointers(bucket: Bucket, seen: SeenIds): Promise<void> {
    for (const shard of SHARDS) {
      const folder = join(bucket.objects, shard);
      const names = (await absentIsEmpty(readdir(folder), [])).filter((name) => name.endsWith('.json'));
      const readFrom = async (first: number): Promise<void> => {
        for (let i = first; i < names.length; i += READS_AT_ONCE) {
          this.assertGoingOn();
          // Deleted since it was listed: it names nothing any more.
          const text = await absentIsEmpty(readFile(join(folder, names[i]!), 'utf8'), '');
          if (text !== '') for (const { id } of parsePointer(text).blobs) seen.add(id);
        }
      };
      await Promise.all(Array.from({ length: READS_AT_ONCE }, (_, first) => readFrom(first)));
    }
  }

  private async sweep(seen: SeenIds): Promise<number> {
    const { blobs } = this.settings.objects;
    let removed = 0;
    for (const shard of SHARDS) {
      this.assertGoingOn();
      const orphans = (await blobs.inShard(shard)).filter((id) => /^[0-9a-f]{32}$/.test(id) && !seen.has(id));
      const free = orphans.filter((id) => blobs.isFree(id));
      await blobs.remove(free);
      removed += free.length;
    }
    return removed;
  }

  private assertGoingOn(): void {
    if (this.stopping) throw new Error('the store is stopping');
  }
}

async function absentIsEmpty<T>(reading: Promise<T>, empty: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return empty;
    throw error;
  }
}
