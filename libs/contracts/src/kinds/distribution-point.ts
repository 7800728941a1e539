import { isTimeZone } from '@muster/schedule/zoned-time.js';
import { z } from 'zod';
import { defineKind, nameSchema } from '../resource.js';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** A part of the week, and what may travel in it. */
export const transferWindowSchema = z
  .strictObject({
    days: z.array(z.enum(WEEKDAYS)).min(1).max(7).optional().describe('Days on which it begins. Default: every day'),
    from: z.string().regex(TIME, 'a time is HH:MM, from 00:00 to 23:59'),
    to: z.string().regex(TIME, 'a time is HH:MM').describe('At or before `from`: on the next day'),
    priorities: z
      .array(z.enum(['high', 'medium', 'low']))
      .max(3)
      .describe('What may travel then; none: nothing'),
  })
  .meta({ id: 'TransferWindow' });

export const transferLimitsSchema = z
  .strictObject({
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Versions at the same time, all workers together. Default 2'),
    bytesPerSecond: z
      .number()
      .int()
      .min(1024)
      .optional()
      .describe('All transfers to the point together. Default: no limit'),
    schedule: z
      .array(transferWindowSchema)
      .max(100)
      .optional()
      .describe('The first window that contains now decides; outside all of them everything may travel'),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'no known time zone; for example Europe/Berlin')
      .optional()
      .describe('Of the schedule. Default UTC'),
  })
  .meta({ id: 'TransferLimits' });

/** A point from which another one gets its content. */
export const pullSourceSchema = z
  .strictObject({
    point: nameSchema,
    priority: z.number().int().min(1).max(100).optional().describe('Lower ones are asked first. Default 1'),
  })
  .meta({ id: 'PullSource' });

export type PullSource = z.infer<typeof pullSourceSchema>;
export type TransferWindow = z.infer<typeof transferWindowSchema>;
export type TransferLimits = z.infer<typeof transferLimitsSchema>;

export const distributionPointSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    endpoint: z.url({ protocol: /^https?$/ }).describe('The S3 endpoint, for example http://127.0.0.1:9000'),
    region: z.string().min(1).max(64).optional().describe('Default us-east-1'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name has 3 to 63 lower-case letters, digits, "." and "-"'),
    credentials: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
      .describe("Name of the credentials in the content service's own configuration; never the keys themselves"),
    maintenance: z
      .boolean()
      .optional()
      .describe('True: agents are not sent here and nothing new is brought; what is here is still checked'),
    internet: z
      .boolean()
      .optional()
      .describe(
        'True: devices on the Internet fetch from here too. Default false: only those in the networks of the organisation',
      ),
    prestaged: z
      .boolean()
      .optional()
      .describe('True: content comes here by hand, as far as it says so itself (onPrestagedPoints)'),
    pullFrom: z
      .array(pullSourceSchema)
      .min(1)
      .max(50)
      .refine((sources) => new Set(sources.map(({ point }) => point)).size === sources.length, 'each point stands once')
      .optional()
      .describe('Content comes here from these points instead of from the library, as soon as one of them has it'),
    transfers: transferLimitsSchema.optional(),
    audit: z
      .strictObject({ everyHours: z.number().int().min(1).max(8760).describe('Every object is read again this often') })
      .optional()
      .describe('Default: as MUSTER_AUDIT_EVERY_HOURS of the content service says'),
  })
  .meta({ id: 'DistributionPointSpec' });

export const distributionPointStatusSchema = z
  .strictObject({
    available: z.number().int().describe('Versions that agents can download here'),
    pending: z.number().int(),
    failed: z.number().int(),
    badCopies: z.number().int().optional().describe('Objects that are wrong or gone and could not be repaired yet'),
    removalPending: z
      .number()
      .int()
      .optional()
      .describe('Objects that nothing needs any more and that will be removed'),
  })
  .meta({ id: 'DistributionPointStatus' });

export type DistributionPointSpec = z.infer<typeof distributionPointSpecSchema>;
export type DistributionPointStatus = z.infer<typeof distributionPointStatusSchema>;

/** An S3-compatible store from which agents download. */
export const distributionPoint = defineKind({
  kind: 'DistributionPoint',
  plural: 'distribution-points',
  singular: 'distribution-point',
  shortNames: ['dp', 'dps'],
  service: 'content',
  spec: distributionPointSpecSchema,
  status: distributionPointStatusSchema,
});
