import { Readable } from 'node:stream';
import { Client } from 'minio';
import { Agent, request, type Dispatcher } from 'undici';
import type { StoreKeys } from '../config.js';
import { digestOfS3Checksum, s3Checksum } from './object-names.js';
import { StoreError, type ExpectedBytes, type ObjectStore, type StoredObject } from './object-store.js';
import { answerFailure, networkFailure } from './store-failure.js';

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

/**
 * A bucket over S3. The `minio` package signs and administers; bytes go over presigned URLs through undici, because
 * minio has no time limits, sends parts one after another, and retries in its own way.
 */
export class S3Store implements ObjectStore {
  readonly place: string;
  private readonly client: Client;

  constructor(
    private readonly address: BucketAddress,
    keys: StoreKeys,
  ) {
    const url = new URL(address.endpoint);
    const secure = url.protocol === 'https:';
    this.place = `${url.origin} (bucket "${address.bucket}")`;
    this.client = new Client({
      endPoint: url.hostname,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      useSSL: secure,
      accessKey: keys.accessKeyId,
      secretKey: keys.secretAccessKey,
      // Told, so that it never asks the store.
      region: address.region,
    });
  }

  async ensureBucket(): Promise<void> {
    try {
      await withinTime(this.makeBucket());
    } catch (error) {
      // Another replica was faster.
      if ((error as { code?: unknown }).code === 'BucketAlreadyOwnedByYou') return;
      throw networkFailure(error, `the store at ${this.place}`);
    }
  }

  private async makeBucket(): Promise<void> {
    const { bucket, region } = this.address;
    if (!(await this.client.bucketExists(bucket))) await this.client.makeBucket(bucket, region);
  }

  presignGet(key: string, seconds: number): Promise<string> {
    return this.client.presignedUrl('GET', this.address.bucket, key, seconds);
  }

  presignPut(key: string, expected: ExpectedBytes, seconds: number): Promise<string> {
    return this.client.presignedUrl('PUT', this.address.bucket, key, seconds, {
      'x-amz-checksum-sha256': s3Checksum(expected.digest),
    });
  }

  async stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const url = await this.client.presignedUrl('HEAD', this.address.bucket, key, OWN_URL_SECONDS, {
      'x-amz-checksum-mode': 'ENABLED',
    });
    const answer = await this.send(url, 'HEAD', key, signal);
    await answer.body.dump();
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode !== 200) throw await answerFailure(answer, this.place, key);
    return describe(answer);
  }

  async read(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.send(await this.presignGet(key, OWN_URL_SECONDS), 'GET', key, signal);
    if (answer.statusCode !== 200) throw await answerFailure(answer, this.place, key);
    return this.named(answer.body);
  }

  async write(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    expected: ExpectedBytes,
    signal?: AbortSignal,
  ): Promise<StoredObject> {
    const url = await this.presignPut(key, expected, OWN_URL_SECONDS);
    let failed: unknown;
    const body =
      source instanceof Uint8Array
        ? source
        : Readable.from(
            remember(source, (error) => (failed = error)),
            { objectMode: false },
          );
    let answer;
    try {
      answer = await this.send(url, 'PUT', key, signal, body, expected.size);
    } catch (error) {
      throw failed ?? error;
    }
    if (answer.statusCode !== 200) throw await answerFailure(answer, this.place, key);
    await answer.body.dump();
    return { ...describe(answer), size: expected.size };
  }

  async remove(key: string, signal?: AbortSignal): Promise<void> {
    const url = await this.client.presignedUrl('DELETE', this.address.bucket, key, OWN_URL_SECONDS);
    const answer = await this.send(url, 'DELETE', key, signal);
    if (![200, 204, 404].includes(answer.statusCode)) throw await answerFailure(answer, this.place, key);
    await answer.body.dump();
  }

  private async send(
    url: string,
    method: 'GET' | 'HEAD' | 'PUT' | 'DELETE',
    key: string,
    signal?: AbortSignal,
    body?: Uint8Array | Readable,
    size?: number,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await request(url, {
        method,
        dispatcher,
        // Else undici closes the connection after each HEAD.
        reset: false,
        ...(signal ? { signal } : {}),
        ...(body === undefined ? {} : { body }),
        ...(size === undefined ? {} : { headers: { 'content-length': String(size) } }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw networkFailure(error, `the store at ${this.place}`, key);
    }
  }

  /** A connection that breaks in the middle is the store's failure, not an unknown one. */
  private async *named(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      throw networkFailure(error, `the store at ${this.place}`);
    }
  }
}

async function* remember(
  source: AsyncIterable<Uint8Array>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    onFailure(error);
    throw error;
  }
}

function describe(answer: Dispatcher.ResponseData): StoredObject {
  const header = (name: string) => {
    const value = answer.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  // "COMPOSITE" is a checksum of checksums of parts, and says nothing of the whole.
  const whole = header('x-amz-checksum-type') !== 'COMPOSITE';
  const digest = whole ? digestOfS3Checksum(header('x-amz-checksum-sha256')) : undefined;
  return {
    size: Number(header('content-length') ?? 0),
    etag: (header('etag') ?? '').replaceAll('"', ''),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The minio client waits for ever. */
async function withinTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreError('unreachable', 'the store did not answer in time')),
      SILENCE_MILLISECONDS,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
