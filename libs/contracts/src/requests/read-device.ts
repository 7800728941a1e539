import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** A device by its name, with what it last told of itself. */
export const readDevice = defineRequest(
  'deployment',
  'read-device',
  z.strictObject({ name: nameSchema }),
  z.object({
    device: z
      .object({ uid: uidSchema, name: nameSchema, facts: factsSchema.optional(), factsAt: instantSchema.optional() })
      .nullable(),
  }),
);
