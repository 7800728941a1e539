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

/** Bytes of an object, both inclusive. */
export interface ByteRange {
  first: number;
  last: number;
}

/** One object of a listing. */
export interface ListedObject {
  key: string;
  size: number;
  etag: string;
}

/** A part of a listing, in the order of the keys' UTF-8 bytes. */
export interface ListPage {
  objects: ListedObject[];
  /** Begin the next page after this key; undefined on the last one. It stays good over restarts and changes. */
  next?: string;
}

/**
 * A bucket of an S3-compatible store: all that Muster asks of one, and what the conformance suite holds every supported
 * store to (docs/stores.md). Every method throws {@link StoreError} with a message for people.
 */
export interface ObjectStore {
  /** For people: endpoint and bucket. */
  readonly place: string;
  /** Makes the bucket unless it exists. */
  ensureBucket(): Promise<void>;
  presignGet(key: string, seconds: number): string;
  /** The URL accepts these bytes only, where the store checks `x-amz-checksum-sha256`. */
  presignPut(key: string, expected: ExpectedBytes, seconds: number): string;
  /** Undefined when there is no such object in a bucket that is there. */
  stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** The bytes as they come, unverified. */
  read(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Exactly these bytes of an object, as they come, unverified; a store that answers with others is refused.
   *
   * @param etag the object must still be this one
   */
  readRange(key: string, range: ByteRange, etag?: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Writes exactly `expected.size` bytes; what the source throws ends the write with nothing stored. What is returned is the
   * store's word: it is believed when its digest is the expected one, else `proveObject` reads the bytes back.
   *
   * @param encoding what the store shall say of these bytes as `content-encoding` to all who fetch them
   */
  write(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    expected: ExpectedBytes,
    signal?: AbortSignal,
    encoding?: string,
  ): Promise<StoredObject>;
  /** One page of the objects whose keys begin with a prefix. Keys out of order are refused: a listing always ends. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /** Removes an object; that there is none is no failure, that there is no bucket is one. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
}

/** Which page of a listing. */
export interface ListOptions {
  after?: string | undefined;
  /** 1 to 1000, default 1000. A page may be shorter and not the last. */
  limit?: number;
  signal?: AbortSignal | undefined;
}

/** What a refusal of a store means, where that can be told. Documented in docs/errors.md. */
export type StoreErrorCode =
  | 'content.site-bytes-wrong'
  | 'content.store-bucket-missing'
  | 'content.store-clock-skew'
  | 'content.store-disk-full'
  | 'content.store-key-unknown'
  | 'content.store-no-permission'
  | 'content.store-object-changed'
  | 'content.store-secret-wrong'
  | 'content.store-wrong-answer'
  | 'content.store-wrong-region';

/** Why a store did not do what it was asked. The message is one sentence for people; it ends with the code if there is one. */
export class StoreError extends Error {
  override name = 'StoreError';

  constructor(
    /** `missing`: no such object; `unreachable`: no answer; `refused`: an answer that says no. */
    readonly kind: 'missing' | 'unreachable' | 'refused',
    message: string,
    options: { code?: StoreErrorCode | undefined; cause?: unknown } = {},
  ) {
    super(
      options.code === undefined ? message : `${message} (${options.code})`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = options.code;
  }

  readonly code: StoreErrorCode | undefined;
}
