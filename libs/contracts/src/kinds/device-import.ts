import { z } from 'zod';
import { metadataInputSchema, nameSchema } from '../resource.js';
import { deviceSpecSchema } from './device.js';

/** Devices of one request. */
export const IMPORTED_AT_ONCE = 1000;

/** One device of a list. What is left away stays as it is on a record that exists. */
export const importedDeviceSchema = z
  .strictObject({
    name: nameSchema,
    labels: metadataInputSchema.shape.labels.describe('Added to those that the record has'),
    description: deviceSpecSchema.shape.description,
    identity: deviceSpecSchema.shape.identity,
    variables: deviceSpecSchema.shape.variables.describe('Added to those that the record has'),
  })
  .meta({ id: 'ImportedDevice' });

/** POST /api/v1/devices/-/import */
export const deviceImportRequestSchema = z
  .strictObject({ devices: z.array(importedDeviceSchema).min(1).max(IMPORTED_AT_ONCE) })
  .meta({ id: 'DeviceImportRequest' });

export const deviceImportResultSchema = z
  .strictObject({
    results: z
      .array(
        z.strictObject({
          name: nameSchema,
          outcome: z.enum(['created', 'changed', 'unchanged', 'refused']),
          code: z.string().optional().describe('Of one that was refused'),
          message: z.string().optional().describe('Why it was refused, and what would be right'),
        }),
      )
      .describe('In the order of the request. What is refused keeps nothing else back'),
  })
  .meta({ id: 'DeviceImportResult' });

export type ImportedDevice = z.infer<typeof importedDeviceSchema>;
export type DeviceImportRequest = z.infer<typeof deviceImportRequestSchema>;
export type DeviceImportResult = z.infer<typeof deviceImportResultSchema>;
