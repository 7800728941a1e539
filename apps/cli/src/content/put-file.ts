import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { clocksOfRefusal } from '@muster/contracts/agent/refused-address.js';
import { type Agent, request } from 'undici';
import { CliError, reasonOf, systemCode } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { changed, openUnchanged, requireUnchanged, type UploadBlob } from './read-files.js';

const attempts = 6;
const chunkBytes = 256 * 1024;

export interface PutOptions {
  readonly agent: Agent;
  /** When the address came, by `performance.now()`. */
  readonly announcedAt: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes sent; negative when a try is begun anew. */
  onBytes(bytes: number): void;
}

/** The presigned address does not count any more: announce again for a new one. */
export class ExpiredUploadError extends CliError {
  override readonly name = 'ExpiredUploadError';
}

/**
 * Sends one blob to its presigned address, again after broken connections and answers that mean "not now".
 * Throws ExpiredUploadError, or CliError `content.upload-refused`, `content.upload-failed`, `content.changed`, `content.store-clock-skew`,
 * `content.store-disk-full`.
 */
export async function putBlob(blob: UploadBlob, url: string, options: PutOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const failure = await putOnce(blob, url, options);
    if (failure === undefined) return;
    if (attempt === attempts) throw failure;
    await delay(Math.min(200 * 2 ** attempt, 5000), undefined, { signal: options.signal });
  }
}

/** Undefined on success, an error that another try may cure, or throws one that it cannot. */
async function putOnce(
  blob: UploadBlob,
  url: string,
  { agent, announcedAt, signal, onBytes }: PutOptions,
): Promise<CliError | undefined> {
  const { file } = blob;
  let sent = 0;
  const count = (bytes: number): void => {
    sent += bytes;
    onBytes(bytes);
  };
  const again = (why: string, cause?: unknown): CliError => {
    onBytes(-sent);
    return new CliError(
      'content.upload-failed',
      `${file.path} could not be uploaded to ${new URL(url).host}: ${why}`,
      EXIT_CODES.unavailable,
      { cause },
    );
  };
  let status: number;
  let answer: string;
  let date: string | undefined;
  try {
    const response = await request(url, {
      method: 'PUT',
      dispatcher: agent,
      headers: { 'Content-Length': String(blob.size) },
      body: Readable.from(bytesOf(blob, count), { objectMode: false, highWaterMark: chunkBytes }),
      headersTimeout: 300_000,
      ...(signal === undefined ? {} : { signal }),
    });
    status = response.statusCode;
    date = response.headers['date']?.toString();
    answer = await response.body.text();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof CliError) throw cause;
    return again(systemCode(cause) ?? reasonOf(cause), cause);
  }
  if (status >= 200 && status < 300) return undefined;
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(answer)?.[1];
  if (code === 'InsufficientStorage') {
    throw new CliError(
      'content.store-disk-full',
      `the store at ${new URL(url).host} is full, ${file.path} does not fit: make room there and upload again, what arrived stays`,
      EXIT_CODES.failed,
    );
  }
  if (status === 408 || status === 429 || status >= 500) return again(`answer ${status}${code ? ` ${code}` : ''}`);
  if (status === 403 && /Request has expired|ExpiredToken|AccessDenied/.test(answer)) {
    onBytes(-sent);
    const clocks = clocksOfRefusal(url, date, (performance.now() - announcedAt) / 1000);
    if (clocks !== undefined) {
      throw new CliError(
        'content.store-clock-skew',
        `the store at ${new URL(url).host} did not take ${file.path}: ${clocks}`,
        EXIT_CODES.failed,
      );
    }
    throw new ExpiredUploadError('content.upload-expired', `the address for ${file.path} expired`, EXIT_CODES.failed);
  }
  // The store knows which bytes it was to get. Others came although the file looks untouched.
  if (status === 400 && code !== undefined && /Digest|Checksum|SHA256/i.test(code)) throw changed(file);
  throw new CliError(
    'content.upload-refused',
    `the store at ${new URL(url).host} refused ${file.path}: ${status}${code ? ` ${code}` : ''}`,
    EXIT_CODES.failed,
  );
}

/** The bytes of a blob; of a file that is still as it was when it was read. */
async function* bytesOf({ file, source }: UploadBlob, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(source)) {
    count(source.length);
    yield source;
    return;
  }
  const handle = await openUnchanged(file);
  try {
    for (const { offset, size } of source) {
      for (let done = 0; done < size;) {
        const length = Math.min(chunkBytes, size - done);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset + done);
        if (bytesRead === 0) throw changed(file);
        done += bytesRead;
        count(bytesRead);
        yield buffer.subarray(0, bytesRead);
      }
    }
    await requireUnchanged(handle, file);
  } finally {
    await handle.close();
  }
}
