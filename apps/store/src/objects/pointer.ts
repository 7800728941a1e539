import { z } from 'zod';

const pointerSchema = z.object({
  pointerVersion: z.literal(1),
  key: z.string(),
  size: z.number().int().nonnegative(),
  /** Without quotes: hex MD5 for an object of one PUT. */
  etag: z.string(),
  /** Base64 SHA-256 of the whole object; always known for an object of one PUT. */
  sha256: z.string().optional(),
  /** SHA-256 of the SHA-256s of the parts, as S3 has it for a multipart upload: base64, "-", number of parts. */
  compositeSha256: z.string().optional(),
  /** The multipart upload that made it: a second completion of it is answered like the first. */
  uploadId: z.string().optional(),
  modifiedAt: z.iso.datetime(),
  /** Content-Type and its kin as they were sent, lower-case names; given back as they are. */
  headers: z.record(z.string(), z.string()),
  /** x-amz-meta-*, names without the prefix. */
  metadata: z.record(z.string(), z.string()),
  /** The bytes, in order. One PUT makes one blob, a multipart upload one for each part, without copying. */
  blobs: z.array(z.object({ id: z.string().regex(/^[0-9a-f]{32}$/), size: z.number().int().nonnegative() })),
});

/** What is visible of an object: a small JSON file that names the immutable blobs with its bytes. */
export type ObjectPointer = z.infer<typeof pointerSchema>;

/** One blob of a pointer. */
export type BlobReference = ObjectPointer['blobs'][number];

/** @throws ZodError or SyntaxError for anything but a pointer of this version */
export function parsePointer(text: string): ObjectPointer {
  return pointerSchema.parse(JSON.parse(text));
}

/** A pointer as it stands in its file. */
export function renderPointer(pointer: ObjectPointer): string {
  return `${JSON.stringify(pointer)}\n`;
}

/** A part of one blob. `end` is the last byte, inclusive. */
export interface BlobSlice {
  blob: BlobReference;
  start: number;
  end: number;
}

/** Which parts of which blobs hold the bytes `start` to `end` (inclusive) of an object. */
export function sliceBlobs(blobs: readonly BlobReference[], start: number, end: number): BlobSlice[] {
  const slices: BlobSlice[] = [];
  let offset = 0;
  for (const blob of blobs) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, blob.size - 1);
    if (from <= to) slices.push({ blob, start: from, end: to });
    offset += blob.size;
  }
  return slices;
}
