import type { ExpectedBytes, ObjectStore } from './object-store.js';
import { verifyBytes, WrongBytesError } from './verified-bytes.js';

/** What looking at an object gave. */
export type Proof = { state: 'proven'; etag: string } | { state: 'missing' } | { state: 'different'; found: string };

/**
 * Finds out whether a store holds exactly these bytes: by the checksum that the store computed itself, else by reading
 * them back.
 *
 * @param knownEtag ETag under which the object was proven before: while it is the same, so are the bytes
 * @throws StoreError when the store does not answer
 */
export async function proveObject(
  store: ObjectStore,
  key: string,
  expected: ExpectedBytes,
  options: { knownEtag?: string | undefined; signal?: AbortSignal } = {},
): Promise<Proof> {
  const stat = await store.stat(key, options.signal);
  if (!stat) return { state: 'missing' };
  if (stat.size !== expected.size) return { state: 'different', found: `${stat.size} bytes` };
  if (stat.digest === expected.digest) return { state: 'proven', etag: stat.etag };
  if (stat.digest !== undefined) return { state: 'different', found: `${stat.size} bytes of ${stat.digest}` };
  if (options.knownEtag === stat.etag) return { state: 'proven', etag: stat.etag };
  try {
    await verifyBytes(await store.read(key, options.signal), expected);
  } catch (error) {
    if (error instanceof WrongBytesError) return { state: 'different', found: error.found };
    throw error;
  }
  return { state: 'proven', etag: stat.etag };
}
