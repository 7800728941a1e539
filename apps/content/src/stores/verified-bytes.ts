import { createHash } from 'node:crypto';
import type { Digest } from '@muster/contracts/digest.js';
import type { ExpectedBytes } from './object-store.js';

/** The bytes of an object are not what its name says. */
export class WrongBytesError extends Error {
  override name = 'WrongBytesError';

  constructor(
    readonly expected: ExpectedBytes,
    /** What they are, as far as they were read. */
    readonly found: string,
  ) {
    super(`expected ${expected.size} bytes of ${expected.digest}, found ${found}`);
  }
}

/**
 * Passes bytes on while hashing them, and holds the last piece back until all of them are known to be right: a reader
 * that knows the length can never mistake wrong bytes for a whole object.
 *
 * @param onBytes told the length of each piece read
 * @throws WrongBytesError
 */
export async function* verifiedBytes(
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBytes,
  onBytes: (count: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const piece of source) {
    size += piece.length;
    if (size > expected.size) throw new WrongBytesError(expected, `more than ${expected.size} bytes`);
    hash.update(piece);
    onBytes(piece.length);
    if (held) yield held;
    held = piece;
  }
  const digest: Digest = `sha256:${hash.digest('hex')}`;
  if (size !== expected.size || digest !== expected.digest) {
    throw new WrongBytesError(expected, `${size} bytes of ${digest}`);
  }
  if (held) yield held;
}

/** Reads to the end and keeps nothing. @throws WrongBytesError */
export async function verifyBytes(source: AsyncIterable<Uint8Array>, expected: ExpectedBytes): Promise<void> {
  const pieces = verifiedBytes(source, expected);
  while (!(await pieces.next()).done);
}
