import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { ObjectPointer } from '../objects/pointer.js';
import type { WritePreconditions } from '../objects/preconditions.js';
import { type WantedPart, chooseParts } from './choose-parts.js';
import type { UploadFiles } from './upload-files.js';
import { compositeEtag, compositeSha256 } from './upload-records.js';

/** What a client says when it completes a multipart upload. */
export interface Completion {
  wanted: readonly WantedPart[];
  preconditions: WritePreconditions;
  /** ISO time */
  at: string;
  /** Of the whole object, in bytes. */
  size?: string | undefined;
  /** Of the SHA-256s of the parts, base64, with or without "-" and their number. */
  sha256?: string | undefined;
}

/**
 * Makes an object of the parts of an upload, by writing a pointer that names their blobs in order. Asked again, it answers what was made.
 * @throws S3Error
 */
export async function completeParts(
  objects: ObjectStore,
  uploads: UploadFiles,
  bucket: Bucket,
  key: string,
  id: string,
  completion: Completion,
): Promise<ObjectPointer> {
  const complete = () =>
    uploads.exclusively(bucket, key, id, async (upload) => {
      const chosen = chooseParts(await uploads.parts(bucket, id), completion.wanted);
      await uploads.blobs.assertPresent(chosen.map(({ blob }) => blob));
      const pointer: ObjectPointer = {
        pointerVersion: 1,
        key,
        size: chosen.reduce((sum, { size }) => sum + size, 0),
        etag: compositeEtag(chosen),
        compositeSha256: compositeSha256(chosen),
        uploadId: id,
        modifiedAt: completion.at,
        headers: upload.headers,
        metadata: upload.metadata,
        blobs: chosen.map(({ blob, size }) => ({ id: blob, size })),
      };
      assertAsStated(completion, pointer);
      await objects.point(bucket, pointer, completion.preconditions);
      await uploads.drop(bucket, id, new Set(chosen.map(({ blob }) => blob)));
      return pointer;
    });
  return complete().catch(async (error: unknown) => {
    const done = await objects.find(bucket, key);
    if (error instanceof S3Error && error.code === 'NoSuchUpload' && done?.uploadId === id) return done;
    throw error;
  });
}

function assertAsStated({ size, sha256 }: Completion, pointer: ObjectPointer): void {
  if (size !== undefined && size !== String(pointer.size)) {
    throw new S3Error('InvalidRequest', `x-amz-mp-object-size is ${size}, the parts have ${pointer.size} bytes`);
  }
  const composite = pointer.compositeSha256 ?? '';
  if (sha256 !== undefined && sha256 !== composite && sha256 !== composite.split('-')[0]) {
    throw new S3Error('BadDigest', 'x-amz-checksum-sha256 is not the SHA-256 of the SHA-256s of the parts');
  }
}
