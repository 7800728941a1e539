import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bucket, holdingBucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { renameDurably, syncFolder, writeSynced } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { newBlobId } from '../objects/body-files.js';
import { KeyLocks } from '../objects/key-locks.js';
import type { ObjectHeaders, ObjectStore } from '../objects/object-store.js';
import { systemCode } from '../start-error.js';
import { type PartRecord, type UploadRecord, partSchema, uploadSchema } from './upload-records.js';

const UPLOAD_FILE = 'upload.json';
const READS_AT_ONCE = 16;

/** An upload that is not finished. */
export interface Upload extends UploadRecord {
  id: string;
}

/**
 * Multipart uploads that are not finished: a folder for each, with a file that says what it is and one for each part. The folder
 * appears and disappears by rename; nothing is kept in memory.
 */
export class UploadFiles {
  private readonly locks = new KeyLocks();

  constructor(
    private readonly layout: Layout,
    private readonly objects: ObjectStore,
  ) {}

  get blobs(): ObjectStore['blobs'] {
    return this.objects.blobs;
  }

  /** Begins an upload, durably. @returns its id */
  async create(bucket: Bucket, key: string, { headers, metadata }: ObjectHeaders, at: string): Promise<string> {
    const id = newBlobId();
    const record: UploadRecord = { uploadVersion: 1, key, initiatedAt: at, headers, metadata };
    return holdingBucket(bucket, async () => {
      const unfinished = join(this.layout.temporary, randomUUID());
      await mkdir(unfinished);
      try {
        await writeSynced(join(unfinished, UPLOAD_FILE), `${JSON.stringify(record)}\n`);
        await syncFolder(unfinished);
        if ((await mkdir(bucket.uploads, { recursive: true, mode: 0o700 })) !== undefined) {
          await syncFolder(join(bucket.uploads, '..'));
        }
        await renameDurably(unfinished, folderOf(bucket, id));
      } catch (error) {
        await rm(unfinished, { recursive: true, force: true });
        throw error;
      }
      return id;
    });
  }

  /** @throws S3Error `NoSuchUpload` when there is none of this id for this key */
  async get(bucket: Bucket, key: string, id: string): Promise<Upload> {
    const upload = await this.find(bucket, id);
    if (upload?.key !== key || (await this.isCompleted(bucket, upload))) {
      throw new S3Error('NoSuchUpload', undefined, { UploadId: id });
    }
    return upload;
  }

  /** Whether its object is there: only its folder was left behind, and its parts are the object's now. */
  private async isCompleted(bucket: Bucket, upload: Upload): Promise<boolean> {
    return (await this.objects.find(bucket, upload.key))?.uploadId === upload.id;
  }

  /**
   * Removes what a kill left of uploads that were completed, and uploads in which nothing happened since `before`.
   * @returns how many had expired
   */
  async tidy(bucket: Bucket, before: Date): Promise<number> {
    let expired = 0;
    for (const upload of await this.list(bucket)) {
      await holdingBucket(bucket, () =>
        this.locks.run(upload.id, async () => {
          if ((await this.find(bucket, upload.id)) === undefined) return;
          const parts = await this.parts(bucket, upload.id);
          if (await this.isCompleted(bucket, upload)) {
            const { blobs } = await this.objects.get(bucket, upload.key);
            return this.drop(bucket, upload.id, new Set(blobs.map(({ id }) => id)));
          }
          const last = parts.reduce(
            (latest, { modifiedAt }) => (modifiedAt > latest ? modifiedAt : latest),
            upload.initiatedAt,
          );
          if (Date.parse(last) >= before.getTime()) return;
          expired += 1;
          await this.drop(bucket, upload.id);
        }),
      );
    }
    return expired;
  }

  /** The parts that have arrived, by number. */
  async parts(bucket: Bucket, id: string): Promise<PartRecord[]> {
    const names = (await namesIn(folderOf(bucket, id))).filter((name) => /^\d{5}\.json$/.test(name)).sort();
    const parts = await mapInParallel(names, (name) => readRecord(join(folderOf(bucket, id), name)));
    return parts.flatMap((part) => (part === undefined ? [] : [partSchema.parse(part)]));
  }

  /** Every upload of a bucket, in no order. */
  async list(bucket: Bucket): Promise<Upload[]> {
    const uploads = await mapInParallel(await namesIn(bucket.uploads), (id) => this.find(bucket, id));
    return uploads.filter((upload) => upload !== undefined);
  }

  /**
   * Makes a received file a part, durably; an earlier part of its number goes.
   * @param unfinished path of the file; after a failure the caller's to remove, if it is still there
   * @throws S3Error `NoSuchUpload`
   */
  async putPart(bucket: Bucket, key: string, id: string, part: PartRecord, unfinished: string): Promise<void> {
    return this.exclusively(bucket, key, id, async () => {
      const path = join(folderOf(bucket, id), `${String(part.number).padStart(5, '0')}.json`);
      const before = await readRecord(path);
      const written = join(this.layout.temporary, `${randomUUID()}.json`);
      try {
        await writeSynced(written, `${JSON.stringify(part)}\n`);
        await this.blobs.keep(part.blob, unfinished);
        await renameDurably(written, path);
      } catch (error) {
        await rm(written, { force: true }).catch(() => undefined);
        const now = await readRecord(path).catch(() => undefined);
        if ((now as PartRecord | undefined)?.blob !== part.blob) await this.blobs.remove([part.blob]);
        throw error;
      }
      this.blobs.named(part.blob);
      if (before !== undefined) await this.blobs.remove([partSchema.parse(before).blob]);
    });
  }

  /** Does something with an upload while nothing else is done with it. @throws S3Error `NoSuchUpload` */
  exclusively<T>(bucket: Bucket, key: string, id: string, task: (upload: Upload) => Promise<T>): Promise<T> {
    return holdingBucket(bucket, () =>
      this.locks.run(id, async () => {
        const upload = await this.get(bucket, key, id);
        return task(upload);
      }),
    );
  }

  /** Removes an upload with every part but those whose blobs an object has taken over. Call it within `exclusively`. */
  async drop(bucket: Bucket, id: string, taken: ReadonlySet<string> = new Set()): Promise<void> {
    const blobs = (await this.parts(bucket, id)).map(({ blob }) => blob).filter((blob) => !taken.has(blob));
    const aside = join(this.layout.temporary, randomUUID());
    await rename(folderOf(bucket, id), aside);
    await syncFolder(bucket.uploads);
    await rm(aside, { recursive: true, force: true });
    await this.blobs.remove(blobs);
  }

  private async find(bucket: Bucket, id: string): Promise<Upload | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    const record = await readRecord(join(folderOf(bucket, id), UPLOAD_FILE));
    return record === undefined ? undefined : { id, ...uploadSchema.parse(record) };
  }
}

function folderOf(bucket: Bucket, id: string): string {
  return join(bucket.uploads, id);
}

/** Undefined when there is no such file. */
async function readRecord(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function mapInParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += READS_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + READS_AT_ONCE).map(work))));
  }
  return results;
}
