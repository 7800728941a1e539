import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';

/** May the computer of a record have anything from the site? */
export const deviceAccessSchema = z
  .strictObject({
    state: z
      .enum(['pending', 'unknown', 'approved', 'blocked'])
      .describe(
        'pending: it enrolled, and nobody approved it yet: it gets nothing. unknown: the site had no record of it; it gets what unknown computers get',
      ),
    since: instantSchema,
    by: z.string().describe('Who decided: the name of a token, or system'),
    reason: z.string().optional().describe('Why it was blocked, as given'),
    before: z
      .enum(['pending', 'unknown', 'approved'])
      .optional()
      .describe('Of a blocked one: what it is again when it is unblocked'),
    becomes: z
      .enum(['pending', 'approved'])
      .optional()
      .describe('Of an unknown computer: what it is once a run on it has succeeded'),
  })
  .meta({ id: 'DeviceAccess' });

export type DeviceAccess = z.infer<typeof deviceAccessSchema>;

export const DEVICE_ACCESS_ACTIONS = ['approve', 'block', 'unblock'] as const;
export type DeviceAccessAction = (typeof DEVICE_ACCESS_ACTIONS)[number];

/** POST /api/v1/devices/{name}/approve|block|unblock */
export const deviceAccessRequestSchema = z
  .strictObject({ reason: z.string().min(1).max(256).optional().describe('Kept with the record') })
  .meta({ id: 'DeviceAccessRequest' });

export type DeviceAccessRequest = z.infer<typeof deviceAccessRequestSchema>;

/** POST /api/v1/devices/{name}/merge */
export const deviceMergeRequestSchema = z
  .strictObject({
    into: nameSchema.optional().describe('The record that stays; default: the only other device with this hardware'),
    reason: z.string().min(1).max(256).optional().describe('Kept with the record'),
  })
  .meta({ id: 'DeviceMergeRequest' });

export type DeviceMergeRequest = z.infer<typeof deviceMergeRequestSchema>;
