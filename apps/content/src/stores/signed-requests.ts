import { Client } from 'minio';
import { Agent, request, type Dispatcher } from 'undici';
import type { Readable } from 'node:stream';
import type { StoreKeys } from '../config.js';
import type { StoreError } from './object-store.js';
import { explainRefusal, networkFailure, readRefusal } from './store-failure.js';

const CONNECT_MILLISECONDS = 5_000;
const SILENCE_MILLISECONDS = 30_000;
/** Our own requests are sent at once; the rest is clock skew and queues. */
const OWN_URL_SECONDS = 900;

const dispatcher = new Agent({
  connections: 64,
  connect: { timeout: CONNECT_MILLISECONDS },
  headersTimeout: SILENCE_MILLISECONDS,
  bodyTimeout: SILENCE_MILLISECONDS,
});

/** Where a bucket is and how to get in. */
export interface BucketAddress {
  endpoint: string;
  region: string;
  bucket: string;
}

/** One request to a bucket. */
export interface BucketRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Undefined: the bucket itself. */
  key?: string | undefined;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | Readable;
  signal?: AbortSignal | undefined;
}

/**
 * Signed requests to one bucket. The `minio` package signs; bytes go over presigned URLs through undici, because minio has no time
 * limits, sends parts one after another, and retries in its own way.
 */
export class SignedRequests {
  /** For people: endpoint and bucket. */
  readonly place: string;
  private readonly signer: Client;

  constructor(
    private readonly address: BucketAddress,
    private readonly keys: StoreKeys,
    /** Our clock, milliseconds. */
    private readonly now: () => number = Date.now,
  ) {
    const url = new URL(address.endpoint);
    const secure = url.protocol === 'https:';
    this.place = `${url.origin} (bucket "${address.bucket}")`;
    this.signer = new Client({
      endPoint: url.hostname,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      useSSL: secure,
      accessKey: keys.accessKeyId,
      secretKey: keys.secretAccessKey,
      // Told, so that it never asks the store.
      region: address.region,
    });
  }

  /** A URL with which anybody can make this request once or more, for so many seconds. */
  sign(
    { method, key, query }: Pick<BucketRequest, 'method' | 'key' | 'query'>,
    seconds = OWN_URL_SECONDS,
  ): Promise<string> {
    return this.signer.presignedUrl(
      method,
      this.address.bucket,
      key ?? '',
      seconds,
      { ...query },
      new Date(this.now()),
    );
  }

  /** @throws StoreError `unreachable` when there is no answer; whatever the answer says is the caller's */
  async send(wanted: BucketRequest): Promise<Dispatcher.ResponseData> {
    const { method, headers, body, signal } = wanted;
    const url = await this.sign(wanted);
    try {
      return await request(url, {
        method,
        dispatcher,
        // Else undici closes the connection after each HEAD.
        reset: false,
        ...(signal ? { signal } : {}),
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw networkFailure(error, `the store at ${this.place}`, wanted.key);
    }
  }

  /** What an answer of refusal means. Reads it to its end. */
  async explain(answer: Dispatcher.ResponseData, key: string | undefined): Promise<StoreError> {
    const ourTime = this.now();
    const { accessKeyId } = this.keys;
    return explainRefusal(await readRefusal(answer), {
      place: this.place,
      accessKeyId,
      region: this.address.region,
      key,
      ourTime,
    });
  }
}
