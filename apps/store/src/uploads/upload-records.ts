import { createHash } from 'node:crypto';
import { z } from 'zod';

/** `upload.json`: what was said when a multipart upload began. */
export const uploadSchema = z.object({
  uploadVersion: z.literal(1),
  key: z.string(),
  initiatedAt: z.iso.datetime(),
  headers: z.record(z.string(), z.string()),
  metadata: z.record(z.string(), z.string()),
});
export type UploadRecord = z.infer<typeof uploadSchema>;

/** `<number>.json`: one part that has arrived. */
export const partSchema = z.object({
  partVersion: z.literal(1),
  /** 1 to 10,000 */
  number: z.number().int().min(1).max(10_000),
  size: z.number().int().nonnegative(),
  /** Hex MD5 */
  etag: z.string().regex(/^[0-9a-f]{32}$/),
  /** Base64 */
  sha256: z.string(),
  /** Base64, when the client stated it. */
  crc32: z.string().optional(),
  modifiedAt: z.iso.datetime(),
  blob: z.string().regex(/^[0-9a-f]{32}$/),
});
export type PartRecord = z.infer<typeof partSchema>;

/** ETag of a multipart object as S3 forms it: the MD5 of the parts' MD5s, "-", their number. */
export function compositeEtag(parts: readonly PartRecord[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}

/** SHA-256 of the parts' SHA-256s, "-", their number. */
export function compositeSha256(parts: readonly PartRecord[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, 'base64'));
  return `${hash.digest('base64')}-${parts.length}`;
}
