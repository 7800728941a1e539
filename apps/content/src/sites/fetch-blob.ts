import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Agent, request } from 'undici';
import { paced, type Pace } from '../distributions/pace.js';
import { StoreError, type ExpectedBytes } from '../stores/object-store.js';
import { networkFailure, readRefusal } from '../stores/store-failure.js';
import { verifiedBytes, WrongBytesError } from '../stores/verified-bytes.js';
import { SiteAwayError } from './blob-addresses.js';

const dispatcher = new Agent({
  connections: 64,
  connect: { timeout: 5_000 },
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
});

/** How a store that can may send bytes. */
const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  zstd: createZstdDecompress,
};

/** Whose bytes, and at what pace they may come. */
export interface FetchedBlob {
  readonly url: string;
  readonly expected: ExpectedBytes;
  /** The site in whose store they are. */
  readonly holder: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** The address is not good any more, or never was. */
export class AddressRefusedError extends Error {
  override name = 'AddressRefusedError';
}

/**
 * The bytes of a blob out of the store of another site, verified: the last piece is held back until all are known to be right. They
 * come compressed where the store does so. Redirections are not followed.
 *
 * @throws SiteAwayError when the store does not answer or stops, AddressRefusedError, StoreError `content.site-bytes-wrong`
 */
export async function* fetchBlob(blob: FetchedBlob): AsyncGenerator<Uint8Array> {
  const { expected, holder } = blob;
  try {
    yield* verifiedBytes(received(blob), expected);
  } catch (error) {
    const found = wrongBytes(error);
    if (found === undefined) throw error;
    throw new StoreError(
      'refused',
      `site ${holder} gave ${found} instead of ${expected.size} bytes of ${expected.digest}; nothing of it was kept`,
      { code: 'content.site-bytes-wrong' },
    );
  }
}

async function* received({ url, holder, pace, signal }: FetchedBlob): AsyncGenerator<Uint8Array> {
  const away = (error: unknown) => {
    signal.throwIfAborted();
    const failure = networkFailure(error, `the store of site ${holder} at ${new URL(url).origin}`);
    if (failure.kind !== 'unreachable') return failure;
    return new SiteAwayError(`waits for site ${holder}, which has the bytes: ${failure.message}`, { cause: error });
  };
  let answer;
  try {
    const headers = { 'accept-encoding': Object.keys(DECODERS).join(', ') };
    answer = await request(url, { headers, dispatcher, signal });
  } catch (error) {
    throw away(error);
  }
  if (answer.statusCode !== 200) {
    const { code, message } = await readRefusal(answer);
    const said = [answer.statusCode, code, message].filter(Boolean).join(' ');
    throw new AddressRefusedError(`the store of site ${holder} at ${new URL(url).origin} answered ${said}`);
  }
  const encoding = answer.headers['content-encoding'];
  const decoder = typeof encoding === 'string' ? DECODERS[encoding] : undefined;
  try {
    const bytes = paced(answer.body, pace, signal);
    yield* decoder ? decoded(bytes, decoder()) : bytes;
  } catch (error) {
    throw isUndecodable(error) ? error : away(error);
  }
}

/** What came instead of the right bytes; undefined: it is something else that went wrong. */
function wrongBytes(error: unknown): string | undefined {
  if (error instanceof WrongBytesError) return error.found;
  return isUndecodable(error) ? `what cannot be decompressed (${(error as Error).message})` : undefined;
}

/** Whether a decoder met bytes that nobody can have compressed. */
function isUndecodable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^(Z_|ZSTD_error_)/.test(code);
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, decoder: Transform): AsyncGenerator<Uint8Array> {
  // What fails on either side ends the other, and is thrown by reading.
  pipeline(Readable.from(bytes, { objectMode: false }), decoder, () => undefined);
  yield* decoder as AsyncIterable<Uint8Array>;
}
