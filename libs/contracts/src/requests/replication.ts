import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import type { ServiceName } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** How one service's link to a neighbouring site is. Times are ISO 8601. */
export const serviceLinkSchema = z.object({
  peer: siteCodeSchema,
  state: z.enum(['active', 'degraded', 'failed']),
  failedAttempts: z.int(),
  lastError: z.string().nullable(),
  succeededAt: z.string().nullable(),
  /** When everything that the neighbour had was here. */
  levelAt: z.string().nullable(),
  /** About how many changes wait at the neighbour. */
  backlog: z.int(),
  clockAheadMilliseconds: z.number(),
  verifiedAt: z.string().nullable(),
  differences: z.int().nullable(),
});

export type ServiceLink = z.infer<typeof serviceLinkSchema>;

/** What of a service's replicated objects waits, and why. */
export const waitingObjectSchema = z.object({
  kind: z.string(),
  key: z.string(),
  code: z.string(),
  message: z.string(),
  since: z.string(),
});

/** What a neighbour sent that could not be taken in. */
export const parkedEntrySchema = z.object({ peer: z.string(), error: z.string(), parkedAt: z.string() });

/** How a service replicates: its links, what waits, what is parked. At most 100 of each list; the counts are whole. */
export function readReplication(owner: ServiceName) {
  return defineRequest(
    owner,
    'read-replication',
    z.strictObject({}),
    z.object({
      links: z.array(serviceLinkSchema),
      waiting: z.array(waitingObjectSchema),
      waitingCount: z.int(),
      parked: z.array(parkedEntrySchema),
      parkedCount: z.int(),
    }),
  );
}

/** One object that two sites have otherwise; what each has, in words of versions, or `missing`. */
export const differenceSchema = z.object({ kind: z.string(), key: z.string(), here: z.string(), there: z.string() });

/** Compares a service's replicas with those of its neighbours, or of one; mends where `repair` says so. At most 1,000 differences are listed. */
export function verifyReplication(owner: ServiceName) {
  return defineRequest(
    owner,
    'verify-replication',
    z.strictObject({ peer: siteCodeSchema.optional(), repair: z.boolean() }),
    z.object({
      compared: z.array(
        z.object({
          peer: siteCodeSchema,
          differences: z.array(differenceSchema),
          repaired: z.int(),
          /** Why this neighbour could not be compared. */
          error: z.string().nullable(),
        }),
      ),
    }),
  );
}

/** A service reads everything of a neighbour again, while both go on. */
export function readAnew(owner: ServiceName) {
  return defineRequest(owner, 'read-anew', z.strictObject({ peer: siteCodeSchema }), z.object({ begun: z.boolean() }));
}

/** A write that lost against another one, kept. `content` is what it said; null: it deleted the object. */
export const conflictRecordSchema = z.object({
  /** Names the record: kind/key/site-stamp. */
  name: z.string(),
  kind: z.string(),
  key: z.string(),
  site: siteCodeSchema,
  writtenAt: z.string(),
  content: z.unknown(),
  /** What the object is now at this site; null: there is none. */
  current: z.unknown(),
});

/** Writes that lost, newest first; or one of them. */
export function readConflicts(owner: ServiceName) {
  return defineRequest(
    owner,
    'read-conflicts',
    z.strictObject({ name: z.string().optional(), limit: z.int().min(1).max(500) }),
    z.object({ conflicts: z.array(conflictRecordSchema) }),
  );
}

/** Writes what lost anew (`restore`), or lets it be (`dismiss`); the record goes from the list at every site. */
export function settleConflict(owner: ServiceName) {
  return defineRequest(
    owner,
    'settle-conflict',
    z.strictObject({ name: z.string(), how: z.enum(['restore', 'dismiss']), actor: z.string() }),
    z.object({ settled: z.boolean() }),
  );
}
