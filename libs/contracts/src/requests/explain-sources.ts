import { z } from 'zod';
import { contentReachSchema, contentSourceSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { nameSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

const explainedSourcesSchema = z.object({
  address: z.string().optional(),
  groups: z.array(nameSchema).describe('The current boundary groups of the address'),
  contents: z.array(
    z.object({
      manifest: digestSchema,
      sources: z.array(contentSourceSchema),
      leftOut: z.array(contentSourceSchema).describe('Points that have it and are not offered'),
    }),
  ),
});

export type ExplainedSources = z.infer<typeof explainedSourcesSchema>;

/**
 * Where a device would be sent for each of these manifests, best first, and where not, each with its reason. Nothing is
 * signed and no URL is made: this is for people. The address is the first that a boundary contains, else the first.
 */
export const explainSources = defineRequest(
  'content',
  'explain-sources',
  z.object({
    manifests: z.array(digestSchema).max(1000),
    addresses: z.array(z.string().max(64)).max(256).describe('Of the device, in the order of its interfaces'),
    reach: contentReachSchema.optional(),
  }),
  explainedSourcesSchema,
);
