import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';

/** States that devices can be asked for. `silent` is asked for beside them. */
export const DEVICE_STATES = ['awaited', 'pending', 'unknown', 'approved', 'blocked', 'obsolete', 'cloned'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** GET /api/v1/devices/-/by-state */
export const devicesByStateQuerySchema = z.strictObject({
  state: z
    .enum(DEVICE_STATES)
    .optional()
    .describe(
      'awaited: no computer has come; unknown: the site had no record of it; obsolete: its hardware enrolled anew; cloned: another computer has its key',
    ),
  silentDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('Only devices that nobody has heard of for so many days'),
  online: z.stringbool().optional().describe('true: only devices that are online, false: only those that are not'),
  active: z.stringbool().optional().describe('true: only devices that are active, false: only inactive ones'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Devices per page, default 100'),
  continue: z.string().max(200).optional().describe('From metadata.continue of the page before'),
});

export type DevicesByStateQuery = z.infer<typeof devicesByStateQuerySchema>;

/** GET /api/v1/devices/-/below */
export const devicesBelowQuerySchema = z.strictObject({
  site: siteCodeSchema.optional().describe('Only devices of this site'),
  state: z.enum(DEVICE_STATES).optional().describe('Only devices in this state'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Devices per page, default 100'),
  continue: z.string().max(200).optional().describe('From metadata.continue of the page before'),
});

export type DevicesBelowQuery = z.infer<typeof devicesBelowQuerySchema>;
