import type { Digest } from '@muster/contracts/digest.js';

/** What a store says of an object. */
export interface StoredObject {
  size: number;
  etag: string;
  /** SHA-256 of the whole object as the store itself computed it on arrival; many stores do not. */
  digest?: Digest;
}

/** Bytes and what they must be. */
export interface ExpectedBytes {
  digest: Digest;
  size: number;
}

/**
 * A bucket of an S3-compatible store: all that Muster asks of one. Every method throws {@link StoreError} with a message
 * for people.
 */
export interface ObjectStore {
  /** For people: endpoint and bucket. */
  readonly place: string;
  /** Makes the bucket unless it exists. */
  ensureBucket(): Promise<void>;
  presignGet(key: string, seconds: number): Promise<string>;
  /** The URL accepts these bytes only, where the store checks `x-amz-checksum-sha256`. */
  presignPut(key: string, expected: ExpectedBytes, seconds: number): Promise<string>;
  /** Undefined when there is no such object. */
  stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** The bytes as they come, unverified. */
  read(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Writes exactly `expected.size` bytes; what the source throws ends the write with nothing stored. */
  write(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    expected: ExpectedBytes,
    signal?: AbortSignal,
  ): Promise<StoredObject>;
  /** Removes an object; that there is none is no failure. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
}

/** Why a store did not do what it was asked. The message is one sentence for people. */
export class StoreError extends Error {
  override name = 'StoreError';

  constructor(
    /** `missing`: no such object; `unreachable`: no answer; `refused`: an answer that says no. */
    readonly kind: 'missing' | 'unreachable' | 'refused',
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
