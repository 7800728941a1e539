import { sequenceDifferenceSchema } from '@muster/sequence/edit/difference-model.js';
import { sequenceSpecSchema } from '@muster/sequence/model.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema } from '../resource.js';

/** Media type of a patch by node: `PATCH /api/v1/task-sequences/NAME`. */
export const SEQUENCE_PATCH_MEDIA_TYPE = 'application/vnd.muster.sequence-patch+json';

/** Why something was saved, in its author's words; kept with the revision. */
export const commentSchema = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .describe('Kept with the revision that this save makes: why it was made');

const revisionFields = {
  sequence: nameSchema,
  revision: z.number().int().positive(),
  digest: digestSchema,
  author: z.string(),
  createdAt: instantSchema,
  comment: z.string().optional(),
};

/** One save of a sequence, which never changes. */
export const revisionSummarySchema = z.strictObject(revisionFields).meta({ id: 'RevisionSummary' });
export const revisionSchema = z.strictObject({ ...revisionFields, spec: sequenceSpecSchema }).meta({ id: 'Revision' });
export const revisionListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for older ones with ?continue=') }),
    items: z.array(revisionSummarySchema).describe('Newest first'),
  })
  .meta({ id: 'RevisionList' });

/** What is different between two revisions, secrets masked. */
export const revisionDifferenceSchema = z
  .strictObject({
    sequence: nameSchema,
    from: z.number().int().positive(),
    to: z.number().int().positive(),
    difference: sequenceDifferenceSchema,
    lines: z.array(z.string()).describe('The same for people'),
  })
  .meta({ id: 'RevisionDifference' });

/** Both sides of a conflict: in the field `conflict` of the problem `resource.stale-version`. */
export const sequenceConflictSchema = z
  .strictObject({
    seen: z.number().int().positive().optional().describe('The revision you saw, where it is known'),
    current: z.number().int().positive(),
    theirs: sequenceDifferenceSchema.optional().describe('From what you saw to what is there now'),
    yours: sequenceDifferenceSchema
      .optional()
      .describe('From what you saw (or, unknown, what is there) to what you sent'),
  })
  .meta({ id: 'SequenceConflict' });

export type RevisionSummary = z.infer<typeof revisionSummarySchema>;
export type Revision = z.infer<typeof revisionSchema>;
export type RevisionList = z.infer<typeof revisionListSchema>;
export type RevisionDifference = z.infer<typeof revisionDifferenceSchema>;
export type SequenceConflict = z.infer<typeof sequenceConflictSchema>;
