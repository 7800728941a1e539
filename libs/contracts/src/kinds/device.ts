import { z } from 'zod';
import { defineKind, instantSchema } from '../resource.js';

/** What an agent says of its computer. The schema grows with inventory; unknown facts go to `custom`. */
export const deviceFactsSchema = z
  .object({
    hostname: z.string().max(255).optional(),
    platform: z.string().max(32).optional().describe('linux, win32, darwin'),
    osName: z.string().max(128).optional(),
    osVersion: z.string().max(64).optional(),
    architecture: z.string().max(32).optional(),
    memoryMegabytes: z.number().int().nonnegative().optional(),
    processors: z.number().int().nonnegative().optional(),
    agentVersion: z.string().max(32).optional(),
    bootId: z.string().max(64).optional(),
  })
  .meta({ id: 'DeviceFacts' });

export const deviceSpecSchema = z
  .strictObject({ description: z.string().max(256).optional() })
  .meta({ id: 'DeviceSpec' });

export const deviceStatusSchema = z
  .strictObject({
    enrolled: z.boolean(),
    enrolledAt: instantSchema.optional(),
    keyThumbprint: z.string().optional().describe('RFC 7638 thumbprint of the key that the device proves'),
    facts: deviceFactsSchema.optional(),
  })
  .meta({ id: 'DeviceStatus' });

export type DeviceFacts = z.infer<typeof deviceFactsSchema>;
export type DeviceSpec = z.infer<typeof deviceSpecSchema>;
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;

/** A computer. Enrolling makes the record; a record may also exist before its agent. */
export const device = defineKind({
  kind: 'Device',
  plural: 'devices',
  singular: 'device',
  service: 'deployment',
  spec: deviceSpecSchema,
  status: deviceStatusSchema,
});
