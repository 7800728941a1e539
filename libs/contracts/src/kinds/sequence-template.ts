import { z } from 'zod';
import { metadataInputSchema, nameSchema } from '../resource.js';

/** What can be made of nothing but parameters. */
export const sequenceTemplateListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        name: nameSchema,
        title: z.string(),
        help: z.string(),
        parameters: z
          .array(z.strictObject({ name: z.string(), required: z.boolean(), description: z.string() }))
          .describe('Those that must be given first; each may be given as a text, lists with commas'),
      }),
    ),
  })
  .meta({ id: 'SequenceTemplateList' });

/** A task sequence to be made of a template. */
export const sequenceFromTemplateSchema = z
  .strictObject({
    metadata: metadataInputSchema.pick({ name: true, displayName: true, folder: true, labels: true }),
    parameters: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'SequenceFromTemplate' });

export type SequenceTemplateList = z.infer<typeof sequenceTemplateListSchema>;
export type SequenceFromTemplate = z.infer<typeof sequenceFromTemplateSchema>;
