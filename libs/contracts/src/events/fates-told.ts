import { z } from 'zod';
import { toldFateSchema } from '../agent/fates.js';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Fates of one fact. */
export const FATES_AT_ONCE = 200;

/** What becomes of deployments at devices, as they told it. One fact for many devices; of each device and deployment the greatest number counts. */
export const fatesTold = defineEvent(
  'policy',
  'fates-told',
  z.object({
    fates: z.array(toldFateSchema.extend({ deviceUid: uidSchema })).max(FATES_AT_ONCE),
  }),
);
