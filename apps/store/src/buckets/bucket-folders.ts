import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { S3Error } from '../errors.js';
import { renameDurably, syncFolder, writeSynced } from '../folder/durable-files.js';
import { type Layout, SHARDS, makeShards } from '../folder/layout.js';
import { SortedKeys } from '../listing/sorted-keys.js';
import { keyOfFileName } from '../objects/key-file-names.js';
import { parsePointer } from '../objects/pointer.js';
import { isBucketName } from './bucket-name.js';

const bucketSchema = z.object({ bucketVersion: z.literal(1), createdAt: z.iso.datetime() });

/** A bucket that is open. */
export interface Bucket {
  name: string;
  createdAt: string;
  /** `objects` folder with the pointer files. */
  objects: string;
  /** `uploads` folder: one folder for each multipart upload that is not finished. Missing until there is the first. */
  uploads: string;
  /** Every key, in order. The pointer files are the truth; this is read from their names at start and kept with them. */
  keys: SortedKeys;
  /** Commits under way; a bucket with any cannot be deleted. */
  commits: number;
}

/** The buckets of a store. A bucket is one folder that appears and disappears by rename, never by halves. */
export class BucketFolders {
  private readonly open = new Map<string, Bucket>();
  private readonly creating = new Map<string, Promise<void>>();

  private constructor(private readonly layout: Layout) {}

  /** Opens every bucket and reads its keys. */
  static async load(layout: Layout): Promise<BucketFolders> {
    const folders = new BucketFolders(layout);
    for (const name of await readdir(layout.buckets)) {
      if (isBucketName(name)) folders.open.set(name, await loadBucket(layout, name));
    }
    return folders;
  }

  /** Every bucket, by name. */
  list(): Bucket[] {
    return [...this.open.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Bucket | undefined {
    return this.open.get(name);
  }

  /** @throws S3Error `NoSuchBucket` */
  get(name: string): Bucket {
    const bucket = this.open.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', undefined, { BucketName: name });
    return bucket;
  }

  /** @throws S3Error `BucketAlreadyOwnedByYou`, and only when the bucket can be used: who hears it may go on. */
  async create(name: string, createdAt: string): Promise<void> {
    for (let other = this.creating.get(name); other; other = this.creating.get(name))
      await other.catch(() => undefined);
    if (this.open.has(name)) {
      throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: name });
    }
    const created = this.make(name, createdAt);
    this.creating.set(name, created);
    try {
      await created;
    } finally {
      this.creating.delete(name);
    }
  }

  private async make(name: string, createdAt: string): Promise<void> {
    const unfinished = join(this.layout.temporary, randomUUID());
    await mkdir(unfinished);
    await makeShards(join(unfinished, 'objects'));
    await writeSynced(join(unfinished, 'bucket.json'), `${JSON.stringify({ bucketVersion: 1, createdAt })}\n`);
    await syncFolder(unfinished);
    await renameDurably(unfinished, join(this.layout.buckets, name));
    this.open.set(name, { name, createdAt, ...partsOf(this.layout, name), keys: SortedKeys.from([]), commits: 0 });
  }

  /** @throws S3Error `NoSuchBucket` or `BucketNotEmpty` */
  async delete(name: string): Promise<void> {
    const bucket = this.get(name);
    if (bucket.keys.size > 0 || bucket.commits > 0) {
      throw new S3Error('BucketNotEmpty', undefined, { BucketName: name });
    }
    // Not "open" any more before the first await, so that no commit can begin; not free either until it is gone.
    bucket.commits = Number.POSITIVE_INFINITY;
    const aside = join(this.layout.temporary, randomUUID());
    try {
      await rename(join(this.layout.buckets, name), aside);
    } catch (error) {
      bucket.commits = 0;
      throw error;
    }
    this.open.delete(name);
    await syncFolder(this.layout.buckets);
    await rm(aside, { recursive: true, force: true });
  }
}

/** Does something that changes a bucket, which cannot be deleted meanwhile. @throws S3Error `NoSuchBucket` */
export async function holdingBucket<T>(bucket: Bucket, task: () => Promise<T>): Promise<T> {
  if (bucket.commits === Number.POSITIVE_INFINITY) {
    throw new S3Error('NoSuchBucket', undefined, { BucketName: bucket.name });
  }
  bucket.commits += 1;
  try {
    return await task();
  } finally {
    bucket.commits -= 1;
  }
}

/** The folders of a bucket, whether it is there or not. */
export function partsOf(layout: Pick<Layout, 'buckets'>, name: string): Pick<Bucket, 'objects' | 'uploads'> {
  const folder = join(layout.buckets, name);
  return { objects: join(folder, 'objects'), uploads: join(folder, 'uploads') };
}

async function loadBucket(layout: Layout, name: string): Promise<Bucket> {
  const folder = join(layout.buckets, name);
  const { createdAt } = bucketSchema.parse(JSON.parse(await readFile(join(folder, 'bucket.json'), 'utf8')));
  const { objects, uploads } = partsOf(layout, name);
  const keys: string[] = [];
  for (const shard of SHARDS) {
    for (const fileName of await readdir(join(objects, shard))) {
      const key = keyOfFileName(fileName);
      if (key === null) continue;
      keys.push(key ?? parsePointer(await readFile(join(objects, shard, fileName), 'utf8')).key);
    }
  }
  return { name, createdAt, objects, uploads, keys: SortedKeys.from(keys), commits: 0 };
}
