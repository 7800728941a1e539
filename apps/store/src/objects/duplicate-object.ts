import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import type { ObjectHeaders, ObjectStore } from './object-store.js';
import type { BlobReference, ObjectPointer } from './pointer.js';
import { type WritePreconditions, assertMayWrite, checkRead, isConditional } from './preconditions.js';

/** How often the source may be overwritten while it is being opened. */
export const MAX_ATTEMPTS = 20;

/** What may be required of the source of a copy: headers of a read. */
export const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;
export type SourceConditions = Partial<Record<(typeof CONDITIONS)[number], string>>;

/** The object that a copy is made of. */
export interface CopySource {
  bucket: string;
  key: string;
}

/** What a copy shall be. */
export interface DuplicateRequest {
  source: CopySource;
  conditions: SourceConditions;
  preconditions: WritePreconditions;
  /** ISO time */
  at: string;
  /** Instead of what the source has. */
  described?: ObjectHeaders;
}

/** Makes an object over second names of the source's blobs. @throws S3Error */
export async function duplicateObject(
  objects: ObjectStore,
  bucket: Bucket,
  key: string,
  sourceBucket: Bucket,
  { source, conditions, preconditions, at, described }: DuplicateRequest,
): Promise<ObjectPointer> {
  // Again under the lock when it counts.
  if (isConditional(preconditions)) assertMayWrite(preconditions, await objects.find(bucket, key));
  const copied = await duplicate(objects, sourceBucket, source.key, conditions);
  const { uploadId: _, ...kept } = copied;
  const pointer: ObjectPointer = { ...kept, key, modifiedAt: at, ...described };
  try {
    return await objects.point(bucket, pointer, preconditions);
  } catch (error) {
    await abandon(pointer, objects, await objects.find(bucket, key).catch(() => undefined));
    throw error;
  }
}

/** @throws S3Error `PreconditionFailed` when the source is not what it must be */
export function assertCopied(conditions: SourceConditions, pointer: ObjectPointer): void {
  if (checkRead(conditions, pointer) === 'not-modified') throw new S3Error('PreconditionFailed');
}

export function sourceTooFast(): S3Error {
  return new S3Error('ServiceUnavailable', 'the source is being overwritten faster than it can be opened; try again');
}

/** The source's pointer over blobs of its own. */
async function duplicate(
  objects: ObjectStore,
  bucket: Bucket,
  key: string,
  conditions: SourceConditions,
): Promise<ObjectPointer> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const pointer = await objects.get(bucket, key);
    assertCopied(conditions, pointer);
    const blobs: BlobReference[] = [];
    try {
      for (const { id, size } of pointer.blobs) {
        const copy = await objects.blobs.duplicate(id);
        if (copy === undefined) break;
        blobs.push({ id: copy, size });
      }
    } catch (error) {
      await abandon({ ...pointer, blobs }, objects, undefined);
      throw error;
    }
    if (blobs.length === pointer.blobs.length) return { ...pointer, blobs };
    await abandon({ ...pointer, blobs }, objects, undefined);
  }
  throw sourceTooFast();
}

/** Removes the blobs of a copy that did not come about. */
async function abandon(
  { blobs }: ObjectPointer,
  objects: ObjectStore,
  visible: ObjectPointer | undefined,
): Promise<void> {
  const ids = blobs.map(({ id }) => id);
  objects.blobs.named(...ids);
  if (visible?.blobs[0] && visible.blobs[0].id === ids[0]) return;
  await objects.blobs.remove(ids);
}
