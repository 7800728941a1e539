import { z } from 'zod';
import { MOST_WAKE_UP_PACKETS, wakeUpPacketSchema } from '../agent/wake-up.js';
import { uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** One network: what is to be sent in it, and which devices of it may send. */
export const neighbourWakeSchema = z.object({
  devices: z.array(uidSchema).min(1).max(10),
  packets: z.array(wakeUpPacketSchema).min(1).max(MOST_WAKE_UP_PACKETS),
});

export type NeighbourWake = z.infer<typeof neighbourWakeSchema>;

/**
 * Asks devices that are connected to send magic packets in their own network. Nobody answers those: how many devices were asked is
 * all that is known. A device whose agent cannot do it is not asked.
 */
export const wakeNeighbours = defineRequest(
  'policy',
  'wake-neighbours',
  z.object({ wakes: z.array(neighbourWakeSchema).min(1).max(500) }),
  z.object({ asked: z.int().nonnegative() }),
);
