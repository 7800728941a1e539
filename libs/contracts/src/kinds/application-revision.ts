import { applicationSchema } from '@muster/sequence/applications/application.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema } from '../resource.js';

const revisionFields = {
  application: nameSchema,
  revision: z.number().int().positive(),
  digest: digestSchema,
  author: z.string(),
  createdAt: instantSchema,
  comment: z.string().optional(),
};

/** One save of an application, which never changes. */
export const applicationRevisionSummarySchema = z
  .strictObject(revisionFields)
  .meta({ id: 'ApplicationRevisionSummary' });
export const applicationRevisionSchema = z
  .strictObject({ ...revisionFields, spec: applicationSchema })
  .meta({ id: 'ApplicationRevision' });
export const applicationRevisionListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for older ones with ?continue=') }),
    items: z.array(applicationRevisionSummarySchema).describe('Newest first'),
  })
  .meta({ id: 'ApplicationRevisionList' });

/** What is different at one place of a document. */
export const documentChangeSchema = z
  .strictObject({
    path: z
      .string()
      .describe('From the specification down, "/" between; parts of a list that have names are named, others counted'),
    change: z.enum(['added', 'removed', 'changed', 'moved']).describe('`moved`: the order of named parts of a list'),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
  })
  .meta({ id: 'DocumentChange' });

/** GET /api/v1/applications/<name>/revisions/<revision>/difference?with=<revision> */
export const applicationDifferenceSchema = z
  .strictObject({
    application: nameSchema,
    from: z.number().int().positive(),
    to: z.number().int().positive(),
    changes: z.array(documentChangeSchema),
    lines: z.array(z.string()).describe('The same for people'),
  })
  .meta({ id: 'ApplicationDifference' });

export type ApplicationRevisionSummary = z.infer<typeof applicationRevisionSummarySchema>;
export type ApplicationRevision = z.infer<typeof applicationRevisionSchema>;
export type ApplicationRevisionList = z.infer<typeof applicationRevisionListSchema>;
export type ApplicationDifference = z.infer<typeof applicationDifferenceSchema>;
export type DocumentChange = z.infer<typeof documentChangeSchema>;
