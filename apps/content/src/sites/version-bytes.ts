import type { ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Pace } from '../distributions/pace.js';
import { blobKey } from '../stores/object-names.js';
import { deliver } from '../stores/deliver.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import { ADDRESS_SECONDS, MOST_ASKED, SiteAwayError, type BlobAddresses } from './blob-addresses.js';
import { AddressRefusedError, fetchBlob } from './fetch-blob.js';

/** Addresses are asked for again a while before they end. */
const FRESH_MILLISECONDS = (ADDRESS_SECONDS - 120) * 1000;

interface Address {
  readonly url: string;
  readonly holder: string;
  readonly until: number;
}

/** What a version needs of other sites. */
export interface VersionBytesParts {
  readonly source: string;
  /** The blobs of the version that the library lacks, in the order in which they are brought. */
  readonly lacking: readonly Digest[];
  /** @param asTheyAre no compressed copies */
  ask(source: string, digests: readonly Digest[], asTheyAre: boolean): Promise<BlobAddresses>;
  readonly library: ObjectStore;
  readonly pace: Pace;
  /** The library has a blob, and it is proven. */
  onProven(blob: { digest: Digest; size: number }): Promise<void>;
  now?(): number;
}

/**
 * The bytes of one version on their way from another site into the library here. What is there already is not brought again: a
 * transfer that was cut off goes on with the next blob.
 */
export class VersionBytes {
  private readonly lacking: Set<Digest>;
  private readonly known = new Map<Digest, Address>();
  private asking: Promise<void> | undefined;

  constructor(private readonly parts: VersionBytesParts) {
    this.lacking = new Set(parts.lacking);
  }

  /** Whether the library has every blob. */
  get isComplete(): boolean {
    return this.lacking.size === 0;
  }

  /**
   * Sees to it that the library has a blob.
   *
   * @throws SiteAwayError; StoreError: the source has it no more, or gives other bytes, or the library does not take it
   */
  async bring({ digest, size }: Pick<ManifestBlob, 'digest' | 'size'>, signal: AbortSignal): Promise<void> {
    if (!this.lacking.has(digest)) return;
    const { library, pace } = this.parts;
    for (let again = false; ; again = true) {
      const { url, holder } = await this.addressOf(digest);
      const expected = { digest, size };
      try {
        const bytes = fetchBlob({ url, expected, holder, pace, signal });
        await deliver(library, blobKey(digest), expected, bytes, signal);
        break;
      } catch (error) {
        const isWrong = error instanceof StoreError && error.code === 'content.site-bytes-wrong';
        if (!isWrong && !(error instanceof AddressRefusedError)) throw error;
        this.known.delete(digest);
        if (again) throw isWrong ? error : new StoreError('refused', error.message, { cause: error });
        // What is gone or wrong may be no more than a compressed copy.
        await this.learn(digest, [digest], true);
      }
    }
    await this.parts.onProven({ digest, size });
    this.lacking.delete(digest);
    this.known.delete(digest);
  }

  private async addressOf(digest: Digest): Promise<Address> {
    for (;;) {
      const address = this.known.get(digest);
      if (address && address.until > this.now()) return address;
      // Many blobs are brought at once: one question is for all of them.
      if (this.asking) await this.asking;
      else await (this.asking = this.askFrom(digest).finally(() => (this.asking = undefined)));
    }
  }

  private async askFrom(first: Digest): Promise<void> {
    const now = this.now();
    const others = [...this.lacking].filter(
      (digest) => digest !== first && !((this.known.get(digest)?.until ?? 0) > now),
    );
    await this.learn(first, [first, ...others].slice(0, MOST_ASKED), false);
  }

  /** @throws SiteAwayError, StoreError when there is no address of the first of them */
  private async learn(first: Digest, digests: readonly Digest[], asTheyAre: boolean): Promise<void> {
    const { source } = this.parts;
    const now = this.now();
    const { urls, holder, reason, away } = await this.parts.ask(source, digests, asTheyAre);
    for (const [digest, url] of urls) this.known.set(digest, { url, holder, until: now + FRESH_MILLISECONDS });
    if (urls.has(first)) return;
    if (away) throw new SiteAwayError(`waits for site ${source}, which has the bytes: ${reason ?? 'it is away'}`);
    throw new StoreError('refused', `site ${source} cannot give ${first}: ${reason ?? `site ${holder} says nothing`}`);
  }

  private now(): number {
    return this.parts.now?.() ?? Date.now();
  }
}
