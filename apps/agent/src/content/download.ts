import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { ContentFault } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { type Dispatcher, request } from 'undici';
import { BatchWriter } from './batch-writer.js';
import { digestOfHash, hashFile } from './file-digest.js';

/** One file to fetch. */
export interface DownloadRequest {
  readonly url: string;
  readonly digest: Digest;
  /** Bytes, of the verified manifest. */
  readonly size: number;
  /** Where the bytes are collected; what is there from earlier is continued. */
  readonly partial: string;
  /** Where the file goes once it is whole and right. */
  readonly target: string;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

/**
 * `expired`: the URL is not good (401, 403); `date` is what the source has for the time. `bad`: what the source has is not the file: other bytes (those that came are gone),
 * less of it (what came is kept), or nothing; `resumed`: the beginning came from earlier and may be what is wrong.
 * `failed`: no answer, another status, a broken connection; what came is kept for a continuation.
 */
export type DownloadResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'expired'; readonly date: string | undefined }
  | {
      readonly kind: 'bad';
      readonly problem: ContentFault['problem'];
      readonly message: string;
      readonly resumed: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Downloads one file, hashing while it streams; it gets its name only when size and SHA-256 are right and the disk has it.
 * A partial file is continued with Range.
 * @throws the signal's reason when aborted; errors of the local disk
 */
export async function download(wanted: DownloadRequest): Promise<DownloadResult> {
  const hash = createHash('sha256');
  const begun = await takeUpPartial(wanted, hash);
  if (begun === wanted.size) return finish(wanted, hash, begun, begun > 0);
  let answer: Dispatcher.ResponseData;
  try {
    answer = await request(wanted.url, {
      dispatcher: wanted.dispatcher,
      headers: { 'accept-encoding': 'identity', ...(begun > 0 ? { range: `bytes=${begun}-` } : {}) },
      signal: wanted.signal,
    });
  } catch (error) {
    return broken(wanted.signal, error);
  }
  const { statusCode: status, headers } = answer;
  const continued = status === 206 && String(headers['content-range']).startsWith(`bytes ${begun}-`);
  if (!continued && status !== 200) {
    // The body of an error is small; taking it keeps the connection.
    await answer.body.dump().catch(() => undefined);
    if (status === 401 || status === 403) return { kind: 'expired', date: headers['date']?.toString() };
    if (status === 404) return bad('missing', 'the distribution point does not have it', false);
    // What is here is shorter than the file, so it is the point's copy that has no such range.
    if (status === 416) return bad('truncated', `the copy ends before byte ${begun} of ${wanted.size}`, false);
    return { kind: 'failed', message: `the distribution point answered ${status}` };
  }
  const start = continued ? begun : 0;
  const running = continued ? hash : createHash('sha256');
  const received = await receive(wanted, answer.body, start, running);
  return typeof received === 'number' ? finish(wanted, running, received, start > 0) : received;
}

/** Hashes what is there already and returns its length; 0 after removing what cannot be the beginning of the file. */
async function takeUpPartial({ partial, size, signal }: DownloadRequest, hash: Hash): Promise<number> {
  const length = await stat(partial).then(
    (found) => found.size,
    () => 0,
  );
  if (length === 0) return 0;
  if (length <= size) return hashFile(partial, hash, signal);
  await rm(partial, { force: true });
  return 0;
}

/** Writes the stream behind the first `start` bytes; the new length, or why it ended early. */
async function receive(
  { partial, size, signal }: DownloadRequest,
  body: AsyncIterable<Buffer>,
  start: number,
  hash: Hash,
): Promise<number | DownloadResult> {
  const file = await open(partial, start > 0 ? 'r+' : 'w', 0o600);
  const writer = new BatchWriter(file, start);
  let length = start;
  try {
    for await (const chunk of chunksOf(body)) {
      if (chunk instanceof Error) {
        await writer.flush();
        return broken(signal, chunk);
      }
      // What is too long is wrong already: no need to fill the disk with it.
      if (length + chunk.length > size) {
        await writer.settle();
        return await mismatch(partial, `longer than ${size} bytes`, start > 0);
      }
      length += chunk.length;
      const writing = writer.add(chunk);
      // The disk takes a batch while the processor hashes.
      hash.update(chunk);
      if (writing) await writing;
    }
    await writer.flush();
    await file.sync();
  } finally {
    await writer.settle();
    await file.close();
  }
  return length;
}

/** The chunks of a stream; a failure of the stream is its last element, so that it is told from one of the disk. */
async function* chunksOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer | Error> {
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<Buffer>;
      try {
        next = await iterator.next();
      } catch (error) {
        yield error instanceof Error ? error : new Error(String(error));
        return;
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function finish(
  { partial, target, size, digest }: DownloadRequest,
  hash: Hash,
  length: number,
  resumed: boolean,
): Promise<DownloadResult> {
  // The answer was whole by its own account: a connection that breaks is an error of the stream.
  if (length < size) return bad('truncated', `the copy ends after ${length} of ${size} bytes`, false);
  const found = digestOfHash(hash);
  if (found !== digest) return mismatch(partial, `the bytes are ${found}`, resumed);
  if (size === 0) await (await open(partial, 'w', 0o600)).close();
  // The folder is not synced: a name that a power loss takes away is a file that is fetched again.
  await rename(partial, target);
  return { kind: 'done' };
}

async function mismatch(partial: string, message: string, resumed: boolean): Promise<DownloadResult> {
  await rm(partial, { force: true });
  return bad('wrong-bytes', message, resumed);
}

function bad(problem: ContentFault['problem'], message: string, resumed: boolean): DownloadResult {
  return { kind: 'bad', problem, message, resumed };
}

function broken(signal: AbortSignal, error: unknown): DownloadResult {
  signal.throwIfAborted();
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { kind: 'failed', message: `no whole answer (${code})` };
}
