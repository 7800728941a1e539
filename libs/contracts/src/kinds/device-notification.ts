import { z } from 'zod';
import { DEVICE_WISHES } from '../agent/wake-up.js';

/** What devices can be told to do now. `policy`: come for their policy. */
export const NOTIFICATIONS = ['policy', ...DEVICE_WISHES] as const;
export type NotificationName = (typeof NOTIFICATIONS)[number];

/** POST /api/v1/devices/{name}/notify, /api/v1/collections/{name}/notify */
export const notificationRequestSchema = z
  .strictObject({
    what: z
      .enum(NOTIFICATIONS)
      .describe('policy: come for policy; inventory: look at the computer, and tell its facts although none changed'),
  })
  .meta({ id: 'NotificationRequest' });

export const notificationResultSchema = z
  .strictObject({
    what: z.enum(NOTIFICATIONS),
    devices: z.int().nonnegative().describe('How many are meant'),
    connected: z
      .int()
      .nonnegative()
      .describe(
        'How many of them hold a connection to the site, as far as was known a minute ago: they hear it within seconds. The others hear nothing of it: they come for policy, and tell their facts, when it is time',
      ),
  })
  .meta({ id: 'NotificationResult' });

export type NotificationRequest = z.infer<typeof notificationRequestSchema>;
export type NotificationResult = z.infer<typeof notificationResultSchema>;
