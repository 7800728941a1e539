import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Devices of one fact, in each of its lists. */
export const SEEN_AT_ONCE = 5_000;

const devices = z.array(uidSchema).max(SEEN_AT_ONCE);

/**
 * These devices showed a good access token in the time before. One fact for many: being seen costs no write per request.
 * A process that holds connections of devices open says so with every fact, also when nothing else is to be said: while it does, they are online.
 */
export const devicesSeen = defineEvent(
  'policy',
  'devices-seen',
  z.object({
    at: instantSchema,
    devices,
    process: uidSchema.optional().describe('Which process of policy says it; another one after each start'),
    opened: devices.optional().describe('Their connections to this process began since its last fact, and are open'),
    closed: devices.optional().describe('Their connections to this process ended since'),
  }),
);
