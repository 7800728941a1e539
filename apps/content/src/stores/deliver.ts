import { proveObject } from './prove-object.js';
import { StoreError, type ExpectedBytes, type ObjectStore } from './object-store.js';

/** Writes an object to a store and does not believe it before it is proven. Returns its ETag. @throws StoreError */
export async function deliver(
  store: ObjectStore,
  key: string,
  expected: ExpectedBytes,
  source: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal,
  encoding?: string,
): Promise<string> {
  const written = await store.write(key, source, expected, signal, encoding);
  if (written.digest === expected.digest) return written.etag;
  const proof = await proveObject(store, key, expected, { signal });
  if (proof.state === 'proven') return proof.etag;
  const found = proof.state === 'missing' ? 'nothing' : proof.found;
  throw new StoreError(
    'refused',
    `the store at ${store.place} took ${key} and then had ${found} instead of ${expected.size} bytes of ${expected.digest}`,
  );
}
