import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { deviceAccessSchema } from '../kinds/device-access.js';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

const toldFateShape = {
  state: z.string().describe('waiting, downloading, offered, not-rerun, rejected or expired'),
  reason: z.string().optional().describe('What it waits for'),
  at: instantSchema.describe('By the clock of the device'),
  until: instantSchema.optional().describe('When that may change by itself'),
  says: z.string().optional().describe('As its agent says it to people'),
};

/** What a device told of a deployment. */
export const toldFateSchema = z.object(toldFateShape);

export const knownDeviceSchema = z.object({
  uid: uidSchema,
  name: nameSchema,
  facts: factsSchema.optional(),
  factsAt: instantSchema.optional(),
  access: deviceAccessSchema.optional(),
  lastSeenAt: instantSchema.optional(),
  lastRuns: z
    .array(
      z.object({
        deploymentUid: uidSchema,
        ended: z.boolean(),
        succeeded: z.boolean(),
        silent: z.boolean().optional().describe('Not ended, and nothing heard for 24 hours'),
        startedAt: instantSchema.optional(),
        endedAt: instantSchema.optional(),
      }),
    )
    .optional()
    .describe('The newest run of each deployment on it'),
  snoozes: z
    .array(z.object({ deploymentUid: uidSchema, until: instantSchema }))
    .optional()
    .describe('Starts that people there put off, as it last told; absent from a service of a release before'),
  fates: z
    .array(z.object({ deploymentUid: uidSchema, ...toldFateShape }))
    .optional()
    .describe('What it last told of deployments that no run tells more of; absent from a service of a release before'),
});

export type KnownDevice = z.infer<typeof knownDeviceSchema>;

/** A device by its name, with what it last told of itself and what it did. */
export const readDevice = defineRequest(
  'deployment',
  'read-device',
  z.strictObject({ name: nameSchema }),
  z.object({ device: knownDeviceSchema.nullable() }),
);
