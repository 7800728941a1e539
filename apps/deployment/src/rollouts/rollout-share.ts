import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { z } from 'zod';

const count = z.int().nonnegative();

const shareSchema = z.strictObject({
  // Names this word: who reports it back keeps to it.
  told: z.string().min(1),
  most: count,
  // Why nobody starts anywhere, for people.
  held: z.string().optional(),
});

const useSchema = z.strictObject({
  // The share that the site keeps to; null: none was told it yet.
  told: z.string().nullable(),
  // It will not have more open until it is told another share.
  held: count,
  // So many devices could make use of a share.
  needed: count,
  groups: z.array(
    z.strictObject({
      openedAt: z.number().optional(),
      devices: count.optional(),
      open: count,
      succeeded: count,
      failed: count,
      silent: count,
      forgiven: count,
      goodAt: z.number().optional(),
      approval: z.enum(['approved', 'forced']).optional(),
    }),
  ),
});

/** What a site may have open of a deployment: written by the site above, kept under `deployment/site`. */
export type RolloutShare = z.infer<typeof shareSchema>;
/** What a site makes of its share, and how far its rollout is: written by that site, under the same key. */
export type RolloutUse = z.infer<typeof useSchema>;

type RecordKind = Pick<ReplicatedKind, 'kind' | 'schemaVersion' | 'understand'>;

export const ROLLOUT_SHARE = {
  kind: 'RolloutShare',
  schemaVersion: 1,
  understand: (content: unknown): RolloutShare => parseTolerant(shareSchema, content),
} as const satisfies RecordKind;

export const ROLLOUT_USE = {
  kind: 'RolloutUse',
  schemaVersion: 1,
  understand: (content: unknown): RolloutUse => parseTolerant(useSchema, content),
} as const satisfies RecordKind;
