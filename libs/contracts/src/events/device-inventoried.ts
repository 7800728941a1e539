import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** A device told its facts; they replace those of before. */
export const deviceInventoried = defineEvent(
  'policy',
  'device-inventoried',
  z.object({ deviceUid: uidSchema, receivedAt: z.string(), facts: factsSchema }),
);
