import type { Digest } from '@muster/contracts/digest.js';
import { blobsAnswerSchema, blobsQuestionSchema } from '@muster/contracts/links/link-messages.js';
import { nextOnTheWay } from '@muster/hierarchy/sites.js';
import type { Database } from '@muster/persistence/database.js';
import type { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { z } from 'zod';
import type { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import type { ObjectStore } from '../stores/object-store.js';
import type { CompressedCopies } from './compressed-copies.js';

/** How long an address is good. */
export const ADDRESS_SECONDS = 15 * 60;
/** Of one question. */
export const MOST_ASKED = 500;
const ANSWER_MILLISECONDS = 10_000;
/** What each site on the way keeps for itself of the time that the asker waits. */
const OWN_MILLISECONDS = 2_000;

type BlobsQuestion = z.infer<typeof blobsQuestionSchema>;

/** Where the bytes of blobs may be fetched, as far as that is known. */
export interface BlobAddresses {
  readonly urls: ReadonlyMap<Digest, string>;
  /** The site in whose store they are. */
  readonly holder: string;
  /** Why some have no address. */
  readonly reason: string | null;
  /** Only because a site on the way does not answer right now. */
  readonly away: boolean;
}

/** Another site cannot be asked right now: it is waited for, however long that takes. */
export class SiteAwayError extends Error {
  override name = 'SiteAwayError';
}

/**
 * Addresses of bytes in the stores of other sites. Each site on the way to the source answers for what its own library has, and
 * asks on for the rest: the nearest copy is used, and nothing but addresses goes over the bus.
 */
export class BlobAddressBook {
  constructor(
    private readonly database: Database,
    private readonly sites: SiteReplication,
    private readonly blobs: LibraryBlobRepository,
    private readonly library: ObjectStore,
    private readonly copies: CompressedCopies,
  ) {
    sites.answersAlso((port) =>
      port.answer('blobs', blobsQuestionSchema, async (question, asker) => {
        const { urls, ...rest } = await this.answer(question, asker.code);
        return JSON.stringify({ blobs: [...urls].map(([digest, url]) => ({ digest, url })), ...rest });
      }),
    );
  }

  /**
   * @param asTheyAre not those of compressed copies: one was gone or wrong
   * @throws SiteAwayError
   */
  async ask(
    source: string,
    digests: readonly Digest[],
    asTheyAre: boolean,
    within = ANSWER_MILLISECONDS,
  ): Promise<BlobAddresses> {
    const { hierarchy, port } = this.sites;
    const next = hierarchy && nextOnTheWay(hierarchy.here, source, hierarchy.places);
    const peer = hierarchy?.neighbours.find(({ code }) => code === next);
    if (!peer || !port) {
      throw new SiteAwayError(`waits for site ${source}, which has the bytes: there is no link on the way to it`);
    }
    const question = { source, digests, withinMilliseconds: within, ...(asTheyAre && { asTheyAre }) };
    const answer = await port.ask(peer, 'blobs', question, blobsAnswerSchema, within).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SiteAwayError(`waits for site ${source}, which has the bytes: ${why}`, { cause });
    });
    const { blobs, holder, reason, away } = answer;
    return { urls: new Map(blobs.map(({ digest, url }) => [digest, url])), holder, reason, away };
  }

  private async answer(question: BlobsQuestion, asker: string): Promise<BlobAddresses> {
    const { digests } = question;
    const here = this.sites.hierarchy?.here ?? '';
    const missing = await this.blobs.findMissing(this.database, digests);
    const held = digests.filter((digest) => !missing.has(digest));
    // At the same time: whoever asked waits once for both.
    const [own, further] = await Promise.all([
      this.ownAddresses(here, { ...question, digests: held }),
      missing.size === 0 ? undefined : this.furtherAddresses(here, { ...question, digests: [...missing] }, asker),
    ]);
    return together(own, further);
  }

  /** Of blobs in the library here. */
  private async ownAddresses(
    here: string,
    { digests: held, withinMilliseconds: within, asTheyAre = false }: BlobsQuestion,
  ): Promise<BlobAddresses> {
    const keys = asTheyAre
      ? await this.copies.distrust(held)
      : await this.copies.keysOf(held, Math.max(0, within - OWN_MILLISECONDS));
    const urls = new Map([...keys].map(([digest, key]) => [digest, this.library.presignGet(key, ADDRESS_SECONDS)]));
    // What is not ready yet is asked for again, when it is needed.
    const reason = keys.size < held.length ? `site ${here} is still compressing the bytes` : null;
    return { urls, holder: here, reason, away: reason !== null };
  }

  /** Of blobs that are not in the library here. */
  private async furtherAddresses(
    here: string,
    { source, digests: missing, withinMilliseconds: within, asTheyAre = false }: BlobsQuestion,
    asker: string,
  ): Promise<BlobAddresses> {
    const none = { urls: new Map<Digest, string>(), holder: here };
    if (source === here) {
      const reason = `the library of site ${here} has no good copy of ${missing.length} of them: upload the same files there again`;
      return { ...none, reason, away: false };
    }
    const places = this.sites.hierarchy?.places ?? new Map();
    if (nextOnTheWay(here, source, places) === asker || within < OWN_MILLISECONDS * 2) {
      return { ...none, reason: `site ${here} knows no way on to site ${source}`, away: true };
    }
    try {
      return await this.ask(source, missing, asTheyAre, within - OWN_MILLISECONDS);
    } catch (error) {
      if (error instanceof SiteAwayError) return { ...none, reason: error.message, away: true };
      throw error;
    }
  }
}

/**
 * What a site answers that has some of the blobs and asked on for the others. What is only not ready, or not to be reached now, is said
 * before what is refused: whoever asked waits, and hears the rest with the next question. Pure.
 */
export function together(own: BlobAddresses, further: BlobAddresses | undefined): BlobAddresses {
  if (!further) return own;
  const { reason, away } = own.away && !further.away ? own : further;
  return { urls: new Map([...own.urls, ...further.urls]), holder: further.holder, reason, away };
}
