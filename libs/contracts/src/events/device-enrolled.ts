import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { nameSchema, uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** A computer proved a key pair and a one-time token, and is now a device of this site. */
export const deviceEnrolled = defineEvent(
  'policy',
  'device-enrolled',
  z.object({
    deviceUid: uidSchema,
    name: nameSchema,
    keyThumbprint: z.string(),
    enrolledAt: z.string(),
    facts: factsSchema,
    access: z
      .object({
        state: z.enum(['pending', 'approved']),
        by: z.string(),
        unknownComputers: z
          .boolean()
          .optional()
          .describe('A computer of which the site has no record is an unknown one until a run on it has succeeded'),
      })
      .optional()
      .describe('What its token is good for, and who made that; absent: approved'),
  }),
);
