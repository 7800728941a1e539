import { z } from 'zod';
import { contentLocationSchema, contentReachSchema, contentSourceSchema, manifestSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { defineRequest } from '../subjects.js';

/** Where the files of a manifest can be downloaded right now, as short-lived URLs; best first for who asks from `address`. */
export const locateContent = defineRequest(
  'content',
  'locate-content',
  z.object({
    manifest: digestSchema,
    files: z.array(digestSchema).max(500).optional(),
    address: z.string().max(64).optional().describe('The IP address of the device; none: no boundary contains it'),
    reach: contentReachSchema.optional(),
  }),
  z.object({
    manifest: manifestSchema.nullable(),
    locations: z.array(contentLocationSchema),
    sources: z.array(contentSourceSchema).optional(),
    expiresAt: z.string(),
  }),
);
