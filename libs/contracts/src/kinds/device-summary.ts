import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';
import { DEVICE_STATES } from './device-list.js';

const count = z.int().nonnegative();

/** GET /api/v1/devices/-/summary */
export const deviceSummaryQuerySchema = z.strictObject({
  collection: nameSchema.optional().describe('Only its members'),
});

/** How many devices there are, by what became of them and by whether they are there. */
export const deviceSummarySchema = z
  .strictObject({
    at: instantSchema,
    collection: nameSchema.optional(),
    total: count,
    states: z
      .strictObject(Object.fromEntries(DEVICE_STATES.map((state) => [state, count])) as Record<StateName, typeof count>)
      .describe('The sum of them is the total'),
    inUse: z
      .strictObject({
        total: count,
        online: count,
        offline: count,
        active: count,
        inactive: count,
        inactivePercent: z.number().min(0).max(100),
      })
      .describe('Of those that may have policy: approved, unknown and cloned ones'),
  })
  .meta({ id: 'DeviceSummary' });

type StateName = (typeof DEVICE_STATES)[number];
export type DeviceSummaryQuery = z.infer<typeof deviceSummaryQuerySchema>;
export type DeviceSummary = z.infer<typeof deviceSummarySchema>;
