import { z } from 'zod';
import {
  conflictRecordSchema,
  differenceSchema,
  parkedEntrySchema,
  serviceLinkSchema,
  waitingObjectSchema,
} from '../requests/replication.js';
import { hierarchySiteSchema, siteCodeSchema } from './site.js';

const serviceSchema = z.enum(['catalog', 'deployment', 'content', 'policy']);

/** How the link to a neighbouring site is, as the four services see it. The worst of them gives the state. */
export const siteLinkSchema = z
  .strictObject({
    state: z
      .enum(['failed', 'unanswered', 'degraded', 'starting', 'active'])
      .describe('unanswered: a service of this site does not say; starting: a service has not read from there yet'),
    backlog: z.int().describe('About how many changes wait at the neighbour'),
    succeededAt: z.string().nullable().describe('Of the service whose last success is longest ago'),
    levelAt: z.string().nullable().describe('When everything that the neighbour had was here, in every service'),
    lastError: z.string().nullable(),
    services: z.array(z.strictObject({ service: serviceSchema, link: serviceLinkSchema.nullable() })),
  })
  .meta({ id: 'SiteLink' });

export type SiteLink = z.infer<typeof siteLinkSchema>;

/** A site of the hierarchy as this one knows it. */
export const siteViewSchema = hierarchySiteSchema
  .extend({
    relation: z.enum(['self', 'parent', 'child', 'other']),
    link: siteLinkSchema.nullable().describe('Of a neighbour that is not revoked'),
  })
  .meta({ id: 'SiteView' });

export type SiteView = z.infer<typeof siteViewSchema>;

/** What waits and what is parked in one service. */
export const serviceReplicationSchema = z
  .strictObject({
    service: serviceSchema,
    error: z.string().nullable().describe('Why it does not say'),
    waitingCount: z.int().nullable(),
    parkedCount: z.int().nullable(),
    waiting: z.array(waitingObjectSchema),
    parked: z.array(parkedEntrySchema),
  })
  .meta({ id: 'ServiceReplication' });

/** GET /api/v1/sites: neighbours with the worst links first. */
export const siteListSchema = z
  .strictObject({
    site: siteCodeSchema.describe('This site'),
    items: z.array(siteViewSchema),
    services: z.array(serviceReplicationSchema),
  })
  .meta({ id: 'SiteList' });

export type SiteList = z.infer<typeof siteListSchema>;

/** POST /api/v1/hierarchy/verify */
export const verifyRequestSchema = z
  .strictObject({
    peer: siteCodeSchema.optional().describe('Default: every neighbour'),
    repair: z.boolean().optional().describe('Mend what differs'),
  })
  .meta({ id: 'HierarchyVerifyRequest' });

export const verifyResultSchema = z
  .strictObject({
    same: z.boolean().describe('Every service could compare, and nothing differs, or everything was mended'),
    services: z.array(
      z.strictObject({
        service: serviceSchema,
        error: z.string().nullable(),
        compared: z.array(
          z.object({
            peer: siteCodeSchema,
            differences: z.array(differenceSchema),
            repaired: z.int(),
            error: z.string().nullable(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'HierarchyVerifyResult' });

export type VerifyResult = z.infer<typeof verifyResultSchema>;

/** POST /api/v1/hierarchy/reinitialise */
export const reinitialiseRequestSchema = z
  .strictObject({ peer: siteCodeSchema })
  .meta({ id: 'HierarchyReinitialiseRequest' });

export const reinitialiseResultSchema = z
  .strictObject({
    services: z.array(z.strictObject({ service: serviceSchema, begun: z.boolean(), error: z.string().nullable() })),
  })
  .meta({ id: 'HierarchyReinitialiseResult' });

export type ReinitialiseResult = z.infer<typeof reinitialiseResultSchema>;

/** A write that lost, and the service that keeps it. */
export const hierarchyConflictSchema = conflictRecordSchema
  .extend({ service: serviceSchema })
  .meta({ id: 'HierarchyConflict' });

/** GET /api/v1/hierarchy/conflicts, the newest first. */
export const hierarchyConflictListSchema = z
  .strictObject({
    items: z.array(hierarchyConflictSchema),
    unanswered: z.array(serviceSchema).describe('Services that did not say'),
  })
  .meta({ id: 'HierarchyConflictList' });

export type HierarchyConflict = z.infer<typeof hierarchyConflictSchema>;
export type HierarchyConflictList = z.infer<typeof hierarchyConflictListSchema>;

/** POST /api/v1/hierarchy/conflicts/settle: writes what lost anew, or lets it be. */
export const settleRequestSchema = z
  .strictObject({ name: z.string().min(1).max(512), how: z.enum(['restore', 'dismiss']) })
  .meta({ id: 'HierarchySettleRequest' });

export const settleResultSchema = z
  .strictObject({ settled: z.boolean(), service: serviceSchema })
  .meta({ id: 'HierarchySettleResult' });
