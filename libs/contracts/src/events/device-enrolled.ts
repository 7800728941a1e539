import { z } from 'zod';
import { deviceFactsSchema } from '../kinds/device.js';
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
    facts: deviceFactsSchema,
  }),
);
