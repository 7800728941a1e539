import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** A device proved the new key that it had offered: from now on that one counts. */
export const deviceKeyRotated = defineEvent(
  'policy',
  'device-key-rotated',
  z.object({ deviceUid: uidSchema, keyThumbprint: z.string(), at: instantSchema }),
);
