import { softwareSchema } from '@muster/sequence/conditions/software-schema.js';
import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';

/** GET /api/v1/devices/NAME/software */
export const deviceSoftwareSchema = z
  .strictObject({
    device: nameSchema,
    changedAt: instantSchema
      .optional()
      .describe('When the site heard of the last change; absent: the device has told nothing of its software'),
    software: softwareSchema.describe('By name'),
    leftOut: z.int().nonnegative().describe('Installed, and not told: there is more than one computer may tell'),
  })
  .meta({ id: 'DeviceSoftware' });

export type DeviceSoftware = z.infer<typeof deviceSoftwareSchema>;
