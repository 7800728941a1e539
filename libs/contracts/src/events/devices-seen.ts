import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Devices of one fact. */
export const SEEN_AT_ONCE = 5_000;

/** These devices showed a good access token in the time before. One fact for many: being seen costs no write per request. */
export const devicesSeen = defineEvent(
  'policy',
  'devices-seen',
  z.object({ at: instantSchema, devices: z.array(uidSchema).max(SEEN_AT_ONCE) }),
);
