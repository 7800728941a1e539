import { createHash } from 'node:crypto';
import type { Digest } from '@muster/contracts/digest.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import { deliver } from '../stores/deliver.js';
import { blobKey, compressedKey } from '../stores/object-names.js';
import type { ObjectStore } from '../stores/object-store.js';
import { verifiedBytes } from '../stores/verified-bytes.js';
import type { CompressedCopyRepository } from './compressed-copy.repository.js';
import { mayShrink, SAMPLE_BYTES, shrink, SHRUNK_ENCODING } from './shrink.js';

/** Less is not worth another object. */
const LEAST_BYTES = 16 * 1024;
/** What is compressed is held in memory: what the CLI uploads has 64 MiB at most, larger blobs go as they are. */
const MOST_BYTES = 64 * 1024 * 1024;
const MADE_AT_ONCE = 2;
const MAKING_MILLISECONDS = 120_000;
/** Who asks for a copy waits while it goes. */
const REMOVING_MILLISECONDS = 5_000;
/** Longer than an address is good, and than a transfer waits for its turn. */
const KEPT_MINUTES = 60;
const LOOK_EVERY_MILLISECONDS = 60_000;
const REMOVED_AT_ONCE = 20;

/**
 * Compressed copies in the library, for other sites, beside a store that does not compress what it sends: S3 has no such thing. They are
 * made when they are asked for, before the address is given, and go when nobody asks any more.
 */
export class CompressedCopies {
  private readonly making = new Map<Digest, Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private free = MADE_AT_ONCE;
  private readonly abort = new AbortController();
  private readonly removing: Loop;

  constructor(
    private readonly database: Database,
    private readonly copies: CompressedCopyRepository,
    private readonly blobs: LibraryBlobRepository,
    private readonly library: ObjectStore,
    private readonly logger: Logger,
    /** Whether the store compresses by itself: there is nothing to do. */
    private readonly storeCompresses: boolean,
  ) {
    this.removing = new Loop(
      () => this.removeDue(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot remove compressed copies right now; trying again'),
    );
  }

  start(): void {
    this.removing.start();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await Promise.allSettled(this.making.values());
    await this.removing.stop();
  }

  /**
   * By what key blobs of the library are best fetched. One whose copy is not made in time is left out: it is being made. What cannot be
   * compressed goes as it is.
   *
   * @param digests of blobs that the library has, in the order in which they are needed
   */
  async keysOf(digests: readonly Digest[], withinMilliseconds: number): Promise<Map<Digest, string>> {
    const asTheyAre = (all: readonly Digest[]) => all.map((digest) => [digest, blobKey(digest)] as const);
    if (this.storeCompresses) return new Map(asTheyAre(digests));
    const sizes = await this.blobs.findSizes(this.database, digests);
    const fit = digests.filter((digest) => {
      const size = sizes.get(digest) ?? 0;
      return size >= LEAST_BYTES && size <= MOST_BYTES;
    });
    const known = await this.copies.askedFor(this.database, fit);
    const unknown = fit.filter((digest) => !known.has(digest));
    const made = unknown.map((digest) => this.make(digest, sizes.get(digest) ?? 0));
    const failed = new Set<Digest>();
    const all = Promise.all(
      made.map((one, index) =>
        one.catch((error: unknown) => {
          failed.add(unknown[index]!);
          this.logger.warn({ err: error, digest: unknown[index] }, 'a blob cannot be compressed: it goes as it is');
        }),
      ),
    );
    await Promise.race([all, pause(withinMilliseconds)]);
    const found = new Map([...known, ...(await this.copies.askedFor(this.database, unknown))]);
    const fitting = new Set(fit);
    const keys = new Map(asTheyAre(digests.filter((digest) => !fitting.has(digest) || failed.has(digest))));
    for (const [digest, shrinks] of found) keys.set(digest, shrinks ? compressedKey(digest) : blobKey(digest));
    return keys;
  }

  /** By what key they are fetched where a copy was gone or wrong. Copies of them are removed, and made anew for whoever asks then. */
  async distrust(digests: readonly Digest[]): Promise<Map<Digest, string>> {
    await this.copies.makeDue(this.database, digests);
    return new Map(digests.map((digest) => [digest, blobKey(digest)]));
  }

  /** One at a time for each blob, few at a time for all. */
  private make(digest: Digest, size: number): Promise<void> {
    const begun = this.making.get(digest);
    if (begun) return begun;
    const made = this.inTurn(() => this.copy(digest, size)).finally(() => this.making.delete(digest));
    this.making.set(digest, made);
    return made;
  }

  private async copy(digest: Digest, size: number): Promise<void> {
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(MAKING_MILLISECONDS)]);
    const sampled = await this.library.readRange(
      blobKey(digest),
      { first: 0, last: Math.min(size, SAMPLE_BYTES) - 1 },
      undefined,
      signal,
    );
    const sample = await collect(sampled, Math.min(size, SAMPLE_BYTES));
    const shrunk = mayShrink(sample)
      ? await shrink(
          await collect(verifiedBytes(await this.library.read(blobKey(digest), signal), { digest, size }), size),
        )
      : undefined;
    if (shrunk) {
      const expected = {
        digest: `sha256:${createHash('sha256').update(shrunk).digest('hex')}` as Digest,
        size: shrunk.length,
      };
      await deliver(this.library, compressedKey(digest), expected, shrunk, signal, SHRUNK_ENCODING);
    }
    await this.copies.add(this.database, digest, shrunk !== undefined);
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      this.abort.signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  /** Removes what is due. */
  async removeDue(): Promise<void> {
    const remove = (digest: Digest) => {
      const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(REMOVING_MILLISECONDS)]);
      return this.library.remove(compressedKey(digest), signal);
    };
    for (let removed = REMOVED_AT_ONCE; removed === REMOVED_AT_ONCE && !this.abort.signal.aborted;) {
      removed = await this.copies.removeDue(this.database, KEPT_MINUTES, REMOVED_AT_ONCE, remove);
    }
  }
}

/** Into one buffer of the size that is known: pieces that are put together at the end would be there twice. */
async function collect(bytes: AsyncIterable<Uint8Array>, size: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(size);
  let length = 0;
  for await (const piece of bytes) {
    whole.set(piece, length);
    length += piece.length;
  }
  return whole.subarray(0, length);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
