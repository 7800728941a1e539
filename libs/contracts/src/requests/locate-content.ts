import { z } from 'zod';
import { contentLocationSchema, manifestSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { defineRequest } from '../subjects.js';

/** Where the files of a manifest can be downloaded right now, as short-lived URLs. */
export const locateContent = defineRequest(
  'content',
  'locate-content',
  z.object({ manifest: digestSchema, files: z.array(digestSchema).max(500).optional() }),
  z.object({ manifest: manifestSchema.nullable(), locations: z.array(contentLocationSchema), expiresAt: z.string() }),
);
