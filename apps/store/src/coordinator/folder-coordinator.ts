import type { Logger } from 'pino';
import { type Bucket, BucketFolders } from '../buckets/bucket-folders.js';
import { type Collection, Collector } from '../collection/collector.js';
import type { Layout } from '../folder/layout.js';
import { type KeyPage, type KeyQuery, listKeys } from '../listing/list-keys.js';
import { BlobFiles } from '../objects/blob-files.js';
import { type DuplicateRequest, duplicateObject } from '../objects/duplicate-object.js';
import { type ObjectHeaders, ObjectStore } from '../objects/object-store.js';
import type { ObjectPointer } from '../objects/pointer.js';
import type { WritePreconditions } from '../objects/preconditions.js';
import { type Completion, completeParts } from '../uploads/complete-parts.js';
import { type Upload, UploadFiles } from '../uploads/upload-files.js';
import type { PartRecord } from '../uploads/upload-records.js';
import type { BucketSummary, Coordinator } from './coordinator.js';

/** When things are removed by themselves. */
interface Settings {
  logger: Logger;
  uploadDays: number;
  collectHours: number;
}

/** The coordinator of a folder, in the process that has the folder's lock. */
export class FolderCoordinator implements Coordinator {
  private readonly holds = new Map<number, readonly string[]>();
  private lastHold = 0;

  private constructor(
    private readonly buckets: BucketFolders,
    private readonly objects: ObjectStore,
    private readonly uploads: UploadFiles,
    private readonly collector: Collector,
  ) {}

  /** Reads every key, and tidies what a kill left of completed uploads: it must not be taken for one that goes on. */
  static async open(layout: Layout, settings: Settings): Promise<FolderCoordinator> {
    const buckets = await BucketFolders.load(layout);
    const objects = new ObjectStore(layout, new BlobFiles(layout));
    const uploads = new UploadFiles(layout, objects);
    const collector = new Collector({ buckets, objects, uploads, ...settings });
    await collector.tidyUploads();
    return new FolderCoordinator(buckets, objects, uploads, collector);
  }

  /** Collects now, and from then on every so many hours. */
  startCollecting(): void {
    this.collector.start();
  }

  collect(): Promise<Collection> {
    return this.collector.collect();
  }

  async stop(): Promise<void> {
    await this.collector.stop();
  }

  async listBuckets(): Promise<BucketSummary[]> {
    return this.buckets.list().map(({ name, createdAt }) => ({ name, createdAt }));
  }

  async requireBucket(bucket: string): Promise<void> {
    this.buckets.get(bucket);
  }

  async createBucket(bucket: string, at: string): Promise<void> {
    await this.buckets.create(bucket, at);
  }

  async deleteBucket(bucket: string): Promise<void> {
    await this.buckets.delete(bucket);
  }

  async find(bucket: string, key: string): Promise<ObjectPointer | undefined> {
    return this.objects.find(this.buckets.get(bucket), key);
  }

  async listKeys(bucket: string, query: KeyQuery): Promise<KeyPage> {
    return listKeys(this.buckets.get(bucket).keys, query);
  }

  async put(
    bucket: string,
    pointer: ObjectPointer,
    unfinished: string,
    preconditions: WritePreconditions,
  ): Promise<void> {
    await this.objects.point(this.buckets.get(bucket), pointer, preconditions, unfinished);
  }

  async copy(bucket: string, key: string, request: DuplicateRequest): Promise<ObjectPointer> {
    const source = this.buckets.get(request.source.bucket);
    return duplicateObject(this.objects, this.buckets.get(bucket), key, source, request);
  }

  async delete(bucket: string, key: string, preconditions: WritePreconditions): Promise<void> {
    await this.objects.delete(this.buckets.get(bucket), key, preconditions);
  }

  async hold(bucket: string, key: string, blobs: readonly string[]): Promise<number | undefined> {
    if (!(await this.objects.enter(this.buckets.get(bucket), key, blobs))) return undefined;
    this.lastHold += 1;
    this.holds.set(this.lastHold, blobs);
    return this.lastHold;
  }

  async release(hold: number): Promise<void> {
    const blobs = this.holds.get(hold) ?? [];
    this.holds.delete(hold);
    await this.objects.blobs.leave(blobs);
  }

  async createUpload(bucket: string, key: string, described: ObjectHeaders, at: string): Promise<string> {
    return this.uploads.create(this.buckets.get(bucket), key, described, at);
  }

  async requireUpload(bucket: string, key: string, id: string): Promise<void> {
    await this.uploads.get(this.buckets.get(bucket), key, id);
  }

  async listUploads(bucket: string): Promise<Upload[]> {
    return this.uploads.list(this.buckets.get(bucket));
  }

  async listParts(bucket: string, key: string, id: string): Promise<PartRecord[]> {
    const folders = this.buckets.get(bucket);
    await this.uploads.get(folders, key, id);
    return this.uploads.parts(folders, id);
  }

  async putPart(bucket: string, key: string, id: string, part: PartRecord, unfinished: string): Promise<void> {
    await this.uploads.putPart(this.buckets.get(bucket), key, id, part, unfinished);
  }

  async completeUpload(bucket: string, key: string, id: string, completion: Completion): Promise<ObjectPointer> {
    return completeParts(this.objects, this.uploads, this.buckets.get(bucket), key, id, completion);
  }

  async abortUpload(bucket: string, key: string, id: string): Promise<void> {
    const folders: Bucket = this.buckets.get(bucket);
    await this.uploads.exclusively(folders, key, id, () => this.uploads.drop(folders, id));
  }
}
