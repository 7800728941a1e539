import type { KeyPage, KeyQuery } from '../listing/list-keys.js';
import type { DuplicateRequest } from '../objects/duplicate-object.js';
import type { ObjectHeaders } from '../objects/object-store.js';
import type { ObjectPointer } from '../objects/pointer.js';
import type { WritePreconditions } from '../objects/preconditions.js';
import type { Completion } from '../uploads/complete-parts.js';
import type { Upload } from '../uploads/upload-files.js';
import type { PartRecord } from '../uploads/upload-records.js';

/** A bucket as listings show it. */
export interface BucketSummary {
  name: string;
  /** ISO time */
  createdAt: string;
}

/**
 * What there may be only one of for a folder, however many processes serve it: who decides what is visible. It alone changes `blobs/` and
 * `buckets/`; whoever serves requests writes unfinished files, and reads. What is given and answered is plain data, so that it can
 * cross the border of a process. Every method throws S3Error `NoSuchBucket` for a bucket that is not there.
 */
export interface Coordinator {
  /** Every bucket, by name. */
  listBuckets(): Promise<BucketSummary[]>;
  requireBucket(bucket: string): Promise<void>;
  /** @throws S3Error `BucketAlreadyOwnedByYou` */
  createBucket(bucket: string, at: string): Promise<void>;
  /** @throws S3Error `BucketNotEmpty` */
  deleteBucket(bucket: string): Promise<void>;

  /** The pointer of a key, as the last change that was acknowledged left it, or a later one. */
  find(bucket: string, key: string): Promise<ObjectPointer | undefined>;
  listKeys(bucket: string, query: KeyQuery): Promise<KeyPage>;
  /**
   * Makes a received file the bytes of an object. After a failure the file is the caller's to remove, if it is still there.
   * @param unfinished path of the file, on disk, of the one blob that the pointer names
   * @throws S3Error `PreconditionFailed`, `NoSuchKey` for If-Match on nothing
   */
  put(bucket: string, pointer: ObjectPointer, unfinished: string, preconditions: WritePreconditions): Promise<void>;
  /** @throws S3Error as `put` does, and `NoSuchKey` or `PreconditionFailed` for the source */
  copy(bucket: string, key: string, request: DuplicateRequest): Promise<ObjectPointer>;
  /** Nothing happens when there is no such object. @throws S3Error as `put` does */
  delete(bucket: string, key: string, preconditions: WritePreconditions): Promise<void>;

  /**
   * Keeps blobs of an object from being removed until `release`, or until the process that asked has ended.
   * @returns what to release; undefined when the object has other blobs by now
   */
  hold(bucket: string, key: string, blobs: readonly string[]): Promise<number | undefined>;
  release(hold: number): Promise<void>;

  /** @returns id of a multipart upload that is begun */
  createUpload(bucket: string, key: string, described: ObjectHeaders, at: string): Promise<string>;
  /** @throws S3Error `NoSuchUpload`; so does what follows */
  requireUpload(bucket: string, key: string, id: string): Promise<void>;
  listUploads(bucket: string): Promise<Upload[]>;
  /** By number. */
  listParts(bucket: string, key: string, id: string): Promise<PartRecord[]>;
  /** Makes a received file a part, as `put` does. */
  putPart(bucket: string, key: string, id: string, part: PartRecord, unfinished: string): Promise<void>;
  completeUpload(bucket: string, key: string, id: string, completion: Completion): Promise<ObjectPointer>;
  abortUpload(bucket: string, key: string, id: string): Promise<void>;
}
