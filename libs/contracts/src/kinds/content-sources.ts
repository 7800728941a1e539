import { z } from 'zod';
import { contentSourceSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { nameSchema } from '../resource.js';
import { contentKindSchema } from './content-reference.js';

/** GET /api/v1/<kind>/<name>/sources?address=<IP>: where a device with this address would get the content, and why. */
export const contentSourcesSchema = z
  .strictObject({
    package: nameSchema.describe('Name of the content'),
    kind: contentKindSchema.optional().describe('Absent: a package'),
    version: z.number().int(),
    manifest: digestSchema,
    address: z.string().optional(),
    groups: z.array(nameSchema).describe('The current boundary groups of the address'),
    sources: z.array(contentSourceSchema).describe('Best first'),
    leftOut: z.array(contentSourceSchema).describe('Points that have the content and are not offered, and why'),
  })
  .meta({ id: 'ContentSources' });

export type ContentSources = z.infer<typeof contentSourcesSchema>;
