import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Digest } from '@muster/contracts/digest.js';

/** Feeds a file's bytes into a hash; returns how many there were. */
export async function hashFile(path: string, hash: Hash, signal: AbortSignal): Promise<number> {
  let length = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return length;
}

/** SHA-256 of a file. */
export async function digestOfFile(path: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  await hashFile(path, hash, signal);
  return digestOfHash(hash);
}

export function digestOfHash(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}
