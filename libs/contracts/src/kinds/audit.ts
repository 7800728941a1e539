import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import { instantSchema, uidSchema } from '../resource.js';

export const SERVICES = ['catalog', 'deployment', 'content', 'policy'] as const;

/** Who did what to which object. */
export const auditEntrySchema = z
  .strictObject({
    id: uidSchema,
    at: instantSchema,
    site: siteCodeSchema.optional().describe('Where it was done'),
    service: z.enum(SERVICES).describe('Which keeps it'),
    actor: z
      .string()
      .describe(
        'Name of the API token; of refused requests also device:UID, or address:IP of somebody who proved nothing',
      ),
    action: z.string().describe('created, changed, deleted, or what else can be done to such an object'),
    kind: z.string(),
    name: z.string(),
    uid: uidSchema.optional(),
    version: z.string().optional().describe('resourceVersion that came of it'),
    changed: z.array(z.string()).optional().describe('Fields whose values changed; never the values'),
    reason: z.string().optional().describe('What its author said of it'),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    correlationId: z.string().optional().describe('Of the request, as in the logs'),
  })
  .meta({ id: 'AuditEntry' });

/** GET /api/v1/audit: newest first. */
export const auditListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(auditEntrySchema),
  })
  .meta({ id: 'AuditList' });

export const auditFilterSchema = z.strictObject({
  actor: z.string().max(256).optional().describe('Only what this one did'),
  kind: z.string().max(64).optional().describe('Only objects of this kind, such as TaskSequence'),
  name: z.string().max(256).optional().describe('Only objects of this name'),
  since: instantSchema.optional().describe('Only what was done at this time or later'),
});

export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type AuditFilter = z.infer<typeof auditFilterSchema>;
export type AuditList = z.infer<typeof auditListSchema>;
