import type { Digest } from '@muster/contracts/digest.js';

/** Bytes are named by what they are: `blobs/sha256/ab/ab…` (64 hex digits), the same at the library and at every point. */
export function blobKey(digest: Digest): string {
  const hex = hexOf(digest);
  return `blobs/sha256/${hex.slice(0, 2)}/${hex}`;
}

/** A copy of a blob for other sites, compressed. */
export function compressedKey(digest: Digest): string {
  const hex = hexOf(digest);
  return `compressed/zstd/${hex.slice(0, 2)}/${hex}`;
}

/** Written last: a version is at a store when its manifest is. */
export function manifestKey(digest: Digest): string {
  return `manifests/sha256/${hexOf(digest)}.json`;
}

/** A digest as S3 writes it in `x-amz-checksum-sha256`. */
export function s3Checksum(digest: Digest): string {
  return Buffer.from(hexOf(digest), 'hex').toString('base64');
}

/** What `x-amz-checksum-sha256` says, or undefined when it is not the checksum of one whole object. */
export function digestOfS3Checksum(checksum: string | undefined): Digest | undefined {
  if (checksum === undefined || !/^[A-Za-z0-9+/]{43}=$/.test(checksum)) return undefined;
  return `sha256:${Buffer.from(checksum, 'base64').toString('hex')}`;
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
