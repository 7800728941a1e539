import { sequenceSpecSchema } from '@muster/sequence/model.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { nameSchema, uidSchema } from '../resource.js';
import { sealedSchema } from '../sealing.js';
import { defineRequest } from '../subjects.js';

export const sequenceRevisionSchema = z.object({
  uid: uidSchema,
  name: nameSchema,
  revision: z.number().int(),
  digest: digestSchema,
  spec: sequenceSpecSchema,
  secrets: z
    .record(z.string(), sealedSchema)
    .optional()
    .describe('Secrets of its steps by the names that stand for them, sealed to the site'),
});

export type SequenceRevision = z.infer<typeof sequenceRevisionSchema>;

/** What the secret of a step is sealed for (`SealedSecret.for`). */
export function sealedForStep(name: string): string {
  return `Step/${name}`;
}

/** The newest revision of a sequence, or the one that a digest names: of the sequence of that name, where one is given, as copies have the same. */
export const readSequence = defineRequest(
  'catalog',
  'read-sequence',
  z.union([
    z.strictObject({ name: nameSchema }),
    z.strictObject({ digest: digestSchema, name: nameSchema.optional() }),
  ]),
  z.object({ sequence: sequenceRevisionSchema.nullable() }),
);
