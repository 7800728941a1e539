import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { StoreKeys } from '../config.js';
import { BadListingError, readListAnswer } from './list-answer.js';
import { digestOfS3Checksum, s3Checksum } from './object-names.js';
import {
  StoreError,
  type ByteRange,
  type ExpectedBytes,
  type ListOptions,
  type ListPage,
  type ObjectStore,
  type StoredObject,
} from './object-store.js';
import { SignedRequests } from './signed-requests.js';
import { networkFailure } from './store-failure.js';
import type { BucketAddress } from './url-signer.js';

/** A listing of 1000 keys of 1 KiB each, percent-encoded. */
const MOST_LIST_BYTES = 8 * 1024 * 1024;
/** How often an object may appear and disappear while it is looked at. */
const LOOKS = 3;

/** A bucket over S3. */
export class S3Store implements ObjectStore {
  readonly place: string;
  private readonly requests: SignedRequests;

  /** @param now our clock, milliseconds */
  constructor(
    private readonly address: BucketAddress,
    keys: StoreKeys,
    now?: () => number,
  ) {
    this.requests = new SignedRequests(address, keys, now);
    this.place = this.requests.place;
  }

  async ensureBucket(): Promise<void> {
    const { requests } = this;
    // Not HEAD: a refusal of it has no words.
    const there = await requests.send({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1' } });
    if (there.statusCode === 200) return there.body.dump();
    const refusal = await requests.explain(there, undefined);
    if (refusal.code !== 'content.store-bucket-missing') throw refusal;
    const { region } = this.address;
    const body =
      region === 'us-east-1'
        ? ''
        : `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
    const made = await requests.send({ method: 'PUT', body: Buffer.from(body) });
    // 409: another replica was faster. Whether the bucket is ours is what the first use says.
    if (made.statusCode === 200 || made.statusCode === 409) return made.body.dump();
    throw await requests.explain(made, undefined);
  }

  presignGet(key: string, seconds: number): string {
    return this.requests.sign({ method: 'GET', key }, seconds);
  }

  presignPut(key: string, expected: ExpectedBytes, seconds: number): string {
    const query = { 'x-amz-checksum-sha256': s3Checksum(expected.digest) };
    return this.requests.sign({ method: 'PUT', key, query }, seconds);
  }

  async stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    for (let look = 0; look < LOOKS; look += 1) {
      const query = { 'x-amz-checksum-mode': 'ENABLED' };
      const answer = await this.requests.send({ method: 'HEAD', key, query, signal });
      await answer.body.dump();
      if (answer.statusCode === 200) return describe(answer);
      // A refusal of HEAD has no words: 404 may be the object or the bucket, 403 anything.
      const words = await this.requests.send({ method: 'GET', key, headers: { range: 'bytes=0-0' }, signal });
      if (words.statusCode >= 200 && words.statusCode < 300) {
        await words.body.dump();
        continue;
      }
      const refusal = await this.requests.explain(words, key);
      if (refusal.kind === 'missing') return undefined;
      throw refusal;
    }
    throw this.wrongAnswer(`says of ${key} that it is there, and that it is not`);
  }

  async read(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.requests.send({ method: 'GET', key, signal });
    if (answer.statusCode !== 200) throw await this.requests.explain(answer, key);
    return this.named(answer.body);
  }

  async readRange(
    key: string,
    { first, last }: ByteRange,
    etag?: string,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const headers = { range: `bytes=${first}-${last}`, ...(etag === undefined ? {} : { 'if-match': `"${etag}"` }) };
    const answer = await this.requests.send({ method: 'GET', key, headers, signal });
    if (answer.statusCode !== 206 && answer.statusCode !== 200) throw await this.requests.explain(answer, key);
    const said = headerOf(answer, 'content-range') ?? 'the whole object';
    if (answer.statusCode === 206 && said.startsWith(`bytes ${first}-${last}/`)) {
      return this.named(exactly(answer.body, last - first + 1, (found) => this.wrongLength(key, found)));
    }
    await answer.body.dump();
    throw this.wrongAnswer(`was asked for bytes ${first}-${last} of ${key} and gives ${said}`);
  }

  async write(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    expected: ExpectedBytes,
    signal?: AbortSignal,
    encoding?: string,
  ): Promise<StoredObject> {
    let failed: unknown;
    const body =
      source instanceof Uint8Array
        ? source
        : Readable.from(
            remember(source, (error) => (failed = error)),
            { objectMode: false },
          );
    const query = { 'x-amz-checksum-sha256': s3Checksum(expected.digest) };
    const headers = {
      'content-length': String(expected.size),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    };
    let answer;
    try {
      answer = await this.requests.send({ method: 'PUT', key, query, headers, body, signal });
    } catch (error) {
      throw failed ?? error;
    }
    if (answer.statusCode !== 200) throw await this.requests.explain(answer, key);
    await answer.body.dump();
    return { ...describe(answer), size: expected.size };
  }

  async list(prefix: string, { after, limit = 1000, signal }: ListOptions = {}): Promise<ListPage> {
    const query = {
      'list-type': '2',
      prefix,
      'max-keys': String(limit),
      'encoding-type': 'url',
      ...(after === undefined ? {} : { 'start-after': after }),
    };
    const answer = await this.requests.send({ method: 'GET', query, signal });
    if (answer.statusCode !== 200) throw await this.requests.explain(answer, undefined);
    try {
      const { objects, more } = readListAnswer(await this.text(answer), after ?? '');
      const next = more ? objects.at(-1)?.key : undefined;
      return { objects, ...(next === undefined ? {} : { next }) };
    } catch (error) {
      if (error instanceof BadListingError) throw this.wrongAnswer(`lists "${prefix}" wrongly: ${error.message}`);
      throw error;
    }
  }

  async remove(key: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.requests.send({ method: 'DELETE', key, signal });
    if (answer.statusCode === 200 || answer.statusCode === 204) return answer.body.dump();
    const refusal = await this.requests.explain(answer, key);
    if (refusal.kind !== 'missing') throw refusal;
  }

  /** A small answer. A connection that breaks in the middle is the store's failure, not an unknown one. */
  private async text(answer: Dispatcher.ResponseData): Promise<string> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.named(answer.body)) {
      size += piece.length;
      if (size > MOST_LIST_BYTES) throw new BadListingError(`it is longer than ${MOST_LIST_BYTES} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  private async *named(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      throw networkFailure(error, `the store at ${this.place}`);
    }
  }

  private wrongLength(key: string, found: string): StoreError {
    return this.wrongAnswer(`gives ${found} bytes of ${key} than it was asked for`);
  }

  private wrongAnswer(what: string): StoreError {
    return new StoreError('refused', `the store at ${this.place} ${what}`, { code: 'content.store-wrong-answer' });
  }
}

/** Passes on so many bytes; `failure` makes what is thrown when they are others. */
async function* exactly(
  source: AsyncIterable<Uint8Array>,
  size: number,
  failure: (found: 'more' | 'fewer') => StoreError,
): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const piece of source) {
    left -= piece.length;
    if (left < 0) throw failure('more');
    yield piece;
  }
  if (left > 0) throw failure('fewer');
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
  // "COMPOSITE" is a checksum of checksums of parts, and says nothing of the whole.
  const whole = headerOf(answer, 'x-amz-checksum-type') !== 'COMPOSITE';
  const digest = whole ? digestOfS3Checksum(headerOf(answer, 'x-amz-checksum-sha256')) : undefined;
  return {
    size: Number(headerOf(answer, 'content-length') ?? 0),
    etag: (headerOf(answer, 'etag') ?? '').replaceAll('"', ''),
    ...(digest === undefined ? {} : { digest }),
  };
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
