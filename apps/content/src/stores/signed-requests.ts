import { Agent, type Dispatcher } from 'undici';
import type { Readable } from 'node:stream';
import type { StoreKeys } from '../config.js';
import type { StoreError } from './object-store.js';
import { UrlSigner, type BucketAddress, type SignableRequest } from './url-signer.js';
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

/** One request to a bucket. */
export interface BucketRequest extends SignableRequest {
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | Readable;
  signal?: AbortSignal | undefined;
}

/** Signed requests to one bucket: each goes over a presigned URL of its own, so that one place sets time limits and reads refusals. */
export class SignedRequests {
  /** For people: endpoint and bucket. */
  readonly place: string;
  private readonly signer: UrlSigner;

  constructor(
    private readonly address: BucketAddress,
    private readonly keys: StoreKeys,
    /** Our clock, milliseconds. */
    private readonly now: () => number = Date.now,
  ) {
    this.signer = new UrlSigner(address, keys);
    this.place = `${this.signer.origin} (bucket "${address.bucket}")`;
  }

  /** A URL with which anybody can make this request once or more, for so many seconds. */
  sign(wanted: SignableRequest, seconds: number): string {
    return this.signer.origin + this.signer.sign(wanted, seconds, this.now());
  }

  /** @throws StoreError `unreachable` when there is no answer; whatever the answer says is the caller's */
  async send(wanted: BucketRequest): Promise<Dispatcher.ResponseData> {
    const { method, headers, body, signal } = wanted;
    const path = this.signer.sign(wanted, OWN_URL_SECONDS, this.now());
    try {
      return await dispatcher.request({
        origin: this.signer.origin,
        path,
        method,
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
