import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import { defineKind, instantSchema, nameSchema } from '../resource.js';
import { deviceAccessSchema } from './device-access.js';
import { devicePresenceSchema } from './device-presence.js';
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
    access: deviceAccessSchema.optional().describe('Absent while no computer has enrolled; of old records: approved'),
    requestedName: nameSchema.optional().describe('The name under which a pending device enrolled'),
    hardwareOf: nameSchema
      .optional()
      .describe(
        'Of a pending one: it enrolled with the hardware of this device, and somebody has to say whether it is that one',
      ),
    keyRotatedAt: instantSchema.optional().describe('When the device last replaced its key'),
    keyRotation: z
      .strictObject({ askedAt: instantSchema, by: z.string() })
      .optional()
      .describe('Somebody wants the device to replace its key; gone when it has'),
    obsolete: z
      .strictObject({ since: instantSchema, by: nameSchema.describe('The record that its hardware enrolled as since') })
      .optional(),
    cloned: z
      .strictObject({ since: instantSchema, hardware: z.string().describe('Of the other computer') })
      .optional()
      .describe('Another computer proved the key of this device, and was refused'),
    hardware: z.string().optional().describe('The computer that has the key, where somebody said so'),
    lastSeenAt: instantSchema.optional().describe('When the site last heard of it, at most two minutes old'),
    presence: devicePresenceSchema
      .optional()
      .describe('Absent while no computer has enrolled; known at its own site only'),
    facts: factsSchema.optional().describe('What the device last told of itself'),
    factsAt: instantSchema.optional().describe('When it did'),
    site: siteCodeSchema.optional().describe('Of devices of sites below: the site that it belongs to'),
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
