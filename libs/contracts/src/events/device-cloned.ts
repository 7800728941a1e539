import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** The key of a device was proven by a computer that is another one than the key belongs to. It was refused. */
export const deviceCloned = defineEvent(
  'policy',
  'device-cloned',
  z.object({
    deviceUid: uidSchema,
    hardware: z.string().describe('Of the other computer, such as smbios:4c4c4544-…'),
    at: instantSchema,
  }),
);
