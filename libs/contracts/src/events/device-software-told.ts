import { z } from 'zod';
import { softwareRequestSchema } from '../agent/software.js';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** A device told which software is installed; it replaces what it told before. */
export const deviceSoftwareTold = defineEvent(
  'policy',
  'device-software-told',
  z.object({ deviceUid: uidSchema, receivedAt: z.string(), ...softwareRequestSchema.shape }),
);
