import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { defineKind, instantSchema } from '../resource.js';
import { hardwareIdentitySchema } from './hardware-identity.js';
import { variablesSchema, withoutHiddenValues } from './variables.js';

export const deviceSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    identity: hardwareIdentitySchema
      .optional()
      .describe('By what the computer is known that this record is for, whatever name it enrols under'),
    variables: variablesSchema
      .optional()
      .describe('Of task sequences on this device; they win over those of its collections'),
  })
  .meta({ id: 'DeviceSpec' });

export const deviceStatusSchema = z
  .strictObject({
    enrolled: z.boolean(),
    enrolledAt: instantSchema.optional(),
    keyThumbprint: z.string().optional().describe('RFC 7638 thumbprint of the key that the device proves'),
    facts: factsSchema.optional().describe('What the device last told of itself'),
    factsAt: instantSchema.optional().describe('When it did'),
  })
  .meta({ id: 'DeviceStatus' });

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
  withoutSecrets: ({ variables, ...spec }) =>
    variables ? { ...spec, variables: withoutHiddenValues(variables) } : spec,
});
