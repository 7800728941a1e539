import { z } from 'zod';

/** GET /api/v1/agent/wake-ups: server-sent events of this name. */
export const WAKE_UP_EVENT = 'policy';

/** The data of a wake-up: a hint that policy may have changed. The policy itself is always asked for. */
export const wakeUpSchema = z
  .strictObject({
    withinSeconds: z.int().min(0).describe('Ask at a random moment within so many seconds: many are woken together'),
  })
  .meta({ id: 'WakeUp' });

export type WakeUp = z.infer<typeof wakeUpSchema>;
