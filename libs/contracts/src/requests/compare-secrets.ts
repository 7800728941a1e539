import { z } from 'zod';
import { sealedSchema } from '../sealing.js';
import { defineRequest } from '../subjects.js';

const placedSchema = z.object({ sealed: sealedSchema, for: z.string() });

/** Are two sealed secrets the same? So a document that is applied again with the same password stays the same document. */
export const compareSecrets = defineRequest(
  'policy',
  'compare-secrets',
  z.object({ pairs: z.array(z.tuple([placedSchema, placedSchema])).max(500) }),
  z.object({ same: z.array(z.boolean()).describe('In the order of the pairs; what cannot be opened is not the same') }),
);
