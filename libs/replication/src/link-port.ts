import { randomUUID } from 'node:crypto';
import { linkRefusalSchema, ZSTANDARD, type LinkQuestion } from '@muster/contracts/links/link-messages.js';
import type { LinkBus, LinkMessage } from '@muster/messaging/link-bus.js';
import { MusterError } from '@muster/platform/errors.js';
import { z } from 'zod';
import { keysThatCount } from './changed-keys.js';
import type { KnownSite } from './hierarchy.repository.js';
import { claimsOf, openMessage, type LinkKey, type SitePublicKey } from './site-signature.js';

/** What every message has. */
interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly nonce: string;
}

/** What every question has. One of an older release says nothing of what it accepts. */
interface Asking extends Envelope {
  readonly accepts?: readonly string[] | undefined;
  readonly knows?: string | undefined;
}

/** What a handler is given: who proved to ask, and what. */
export type LinkHandler<Question> = (question: Question, asker: KnownSite) => Promise<string>;

/** A site that does not answer in this time is away. */
const ANSWER_MILLISECONDS = 10_000;
/** Characters up to which an answer fits into one packet or two anyway. */
const LEAST_PACKED = 2_000;

/** Asks and answers other sites: both sides prove who they are, and an answer counts for its question only. */
export class LinkPort {
  constructor(
    private readonly bus: LinkBus,
    private readonly key: LinkKey,
    private readonly here: string,
    /** Sites that may ask: neighbours that are not revoked. */
    private readonly neighbour: (code: string) => KnownSite | undefined,
    private readonly onError: (error: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @param key to sign with; default: the newest that the other site is known to know
   * @throws MusterError `hierarchy.no-answer`, `hierarchy.bad-signature`, or what the other site refuses with
   */
  async ask<Answer extends Envelope>(
    peer: KnownSite,
    name: LinkQuestion,
    question: object,
    answerSchema: z.ZodType<Answer>,
    withinMilliseconds = ANSWER_MILLISECONDS,
    key?: LinkKey,
  ): Promise<Answer> {
    // Keys change while somebody holds on to the site.
    const known = this.neighbour(peer.code) ?? peer;
    if (!known.publicKey)
      throw new MusterError('bug', 'hierarchy.no-link', `Site ${this.here} has no link to ${peer.code}`);
    const nonce = randomUUID();
    const message = (key ?? this.key.knownAs(known.knowsKey)).sign(`${name} question`, {
      from: this.here,
      to: peer.code,
      nonce,
      accepts: [ZSTANDARD],
      knows: known.publicKey.x,
      ...question,
    });
    let reply;
    try {
      reply = await this.bus.ask(peer.code, name, message, withinMilliseconds);
    } catch (cause) {
      throw new MusterError(
        'unavailable',
        'hierarchy.no-answer',
        `Site ${peer.code} did not answer over its link. Is it up, its bus connected to that of ${this.here}, and ${this.here} not revoked there?`,
        { cause },
      );
    }
    const schema = z.union([linkRefusalSchema, answerSchema]);
    const answer = openMessage(schema, `${name} answer`, reply, ...keysThatCount(known, this.now()));
    if (answer.from !== peer.code || answer.to !== this.here || answer.nonce !== nonce) {
      throw new MusterError(
        'forbidden',
        'hierarchy.bad-signature',
        `Site ${peer.code} answered another question than was asked`,
      );
    }
    const refusal = linkRefusalSchema.safeParse(answer);
    if (refusal.success) {
      throw new MusterError('forbidden', refusal.data.code, `Site ${peer.code} refuses: ${refusal.data.message}`);
    }
    return answer as Answer;
  }

  /**
   * Answers one question; the handler's JSON text, an object, is put beside the envelope and signed.
   *
   * @param provenBy the keys of which one must have signed the question; default: those by which the asker is known
   */
  answer<Question extends Asking>(
    name: LinkQuestion,
    schema: z.ZodType<Question>,
    handler: LinkHandler<Question>,
    provenBy: (asker: KnownSite, message: LinkMessage) => readonly SitePublicKey[] = (asker) =>
      keysThatCount(asker, this.now()),
  ): void {
    this.bus.answer(
      name,
      async (message) => {
        const { from: claimed, nonce, knows } = claimsOf(message);
        const asker = this.neighbour(claimed);
        // Whoever asks says by which key it knows this site, and can open nothing that another one signed.
        const key = this.key.knownAs(knows || asker?.knowsKey);
        const refuse = (code: string, why: string) =>
          key.sign(`${name} answer`, { from: this.here, to: claimed, nonce, code, message: why });
        if (!asker?.publicKey) return refuse('hierarchy.unknown-site', `it has no link to you, or revoked it`);
        const question = openMessage(schema, `${name} question`, message, ...provenBy(asker, message));
        if (question.to !== this.here || question.from !== asker.code)
          return refuse('hierarchy.bad-signature', 'the question is for another site');
        const text = await handler(question, asker);
        const envelope = JSON.stringify({ from: this.here, to: asker.code, nonce: question.nonce });
        const packed = text.length > LEAST_PACKED && (question.accepts?.includes(ZSTANDARD) ?? false);
        return key.signText(`${name} answer`, `${envelope.slice(0, -1)},${text.slice(1)}`, packed);
      },
      this.onError,
    );
  }
}
