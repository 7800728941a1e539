import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { sitePublicKeySchema } from '../hierarchy/site.js';

/** Sites have codes of three capital letters or digits. */
export const siteCodeSchema = z.string().regex(/^[A-Z0-9]{3}$/, 'a site code: three capital letters or digits');

const whole = z.number().int().nonnegative();
const positionSchema = z.object({ transaction: whole, sequence: whole });
const seenSchema = z.record(siteCodeSchema, whole);

/** One object as a site knows it, on its way to a neighbour. */
export const linkEntrySchema = z.object({
  kind: z.string().min(1).max(64),
  key: z.string().min(1).max(512),
  dataClass: z.enum(['global', 'site']),
  owner: siteCodeSchema.nullable(),
  site: siteCodeSchema,
  stamp: whole,
  basis: seenSchema,
  seen: seenSchema,
  schemaVersion: z.number().int().positive(),
  content: z.unknown(),
  position: positionSchema,
});
export type LinkEntry = z.infer<typeof linkEntrySchema>;

/** What every message between sites says: from whom to whom, and of which question it is. It is signed as a whole. */
const envelope = { from: siteCodeSchema, to: siteCodeSchema, nonce: z.string().max(64) };

/** How an answer may be packed, if its question accepts it: as one frame of Zstandard (RFC 8878), signed as it is sent. */
export const ZSTANDARD = 'zstd';

/** What every question says. */
const asking = {
  ...envelope,
  accepts: z.array(z.string().max(32)).max(16).optional(),
  /** `x` of the key by which the asker knows who is asked: the answer is signed with that. */
  knows: z.string().max(64).optional(),
};

/** "Give me what your feed has after this position." */
export const pullQuestionSchema = z.object({
  ...asking,
  /** The life of the feed in which that is a position; null before the first answer. */
  life: z.uuid().nullable(),
  after: positionSchema,
  limit: z.number().int().min(1).max(5_000),
});
export const pullAnswerSchema = z.object({
  ...envelope,
  /** The question's, which this continues. */
  asked: z.object({ life: z.uuid().nullable(), after: positionSchema }),
  /** The feed's life now. */
  life: z.uuid(),
  /** Where the next question goes on. */
  upto: positionSchema,
  /** The feed's life is another one, as the site was restored: read it from the start. */
  beginAnew: z.boolean(),
  /** About how much the feed has after `upto`. */
  backlog: whole,
  /** Something is written that cannot be told yet: ask again at once. */
  unsettled: z.boolean(),
  /** The clock of the answering site, in milliseconds. */
  clock: whole,
  /** Each is judged alone: one that does not fit is parked. */
  entries: z.array(z.unknown()),
});

/** "What do you have, in digests?" One per kind and bucket. */
export const digestsQuestionSchema = z.object({ ...asking });
export const digestsAnswerSchema = z.object({
  ...envelope,
  digests: z.array(z.object({ kind: z.string(), bucket: whole, count: whole, digest: z.string() })),
});

/** "Give me all of these buckets." Pages by key. */
export const bucketsQuestionSchema = z.object({
  ...asking,
  kind: z.string(),
  buckets: z.array(z.number().int().min(0).max(255)).max(256),
  afterKey: z.string(),
  limit: z.number().int().min(1).max(5_000),
});
export const bucketsAnswerSchema = z.object({
  ...envelope,
  entries: z.array(z.unknown()),
  lastKey: z.string().nullable(),
});

/** "Which files has the version with this manifest?" Of the content service. */
export const manifestQuestionSchema = z.object({ ...asking, manifest: digestSchema });
export const manifestAnswerSchema = z.object({
  ...envelope,
  /** Canonical JSON, at most 4,000,000 bytes; null: the site does not have it. */
  document: z.string().nullable(),
});

/** "Where may I fetch these bytes?" Of the content service. Who does not have them asks on, on the way to their source. */
export const blobsQuestionSchema = z.object({
  ...asking,
  source: siteCodeSchema,
  digests: z.array(digestSchema).min(1).max(500),
  /** Who asks waits no longer. */
  withinMilliseconds: whole,
  /** What was fetched was gone or wrong: no compressed copies. */
  asTheyAre: z.boolean().optional(),
});
export const blobsAnswerSchema = z.object({
  ...envelope,
  /** Short-lived addresses in a store; what nobody on the way has is left out. */
  blobs: z.array(z.object({ digest: digestSchema, url: z.url({ protocol: /^https?$/ }) })),
  /** The site in whose store they are. */
  holder: siteCodeSchema,
  /** Why some are left out, for people. */
  reason: z.string().nullable(),
  /** Only because a site on the way does not answer right now. */
  away: z.boolean(),
});

/** "This is my link key now." Of the policy service, signed with that key; the keys that the site had before vouch for it. */
export const linkKeyQuestionSchema = z.object({
  ...asking,
  publicKey: sitePublicKeySchema,
  /** Whose `by` is the key that the asked site knows counts. */
  vouchers: z.array(z.object({ by: z.string().max(64), signature: z.string().max(128) })).max(64),
});
export const linkKeyAnswerSchema = z.object({
  ...envelope,
  /** Why the key is not taken, for people; null: it is known now. */
  refused: z.string().max(1_000).nullable(),
});

/** Sent instead of an answer. */
export const linkRefusalSchema = z.object({ ...envelope, code: z.string(), message: z.string() });

export type PullQuestion = z.infer<typeof pullQuestionSchema>;
export type PullAnswer = z.infer<typeof pullAnswerSchema>;
export type LinkKeyQuestion = z.infer<typeof linkKeyQuestionSchema>;
export type Digest = z.infer<typeof digestsAnswerSchema>['digests'][number];

/** What one site asks another one. */
export const LINK_QUESTIONS = ['pull', 'digests', 'buckets', 'manifest', 'blobs', 'link-key'] as const;
export type LinkQuestion = (typeof LINK_QUESTIONS)[number];
