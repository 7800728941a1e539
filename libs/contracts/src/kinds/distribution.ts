import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { defineKind, instantSchema, nameSchema } from '../resource.js';

export const distributionSpecSchema = z
  .strictObject({
    package: nameSchema,
    points: z.array(nameSchema).min(1).max(250).describe('Distribution points that shall hold the newest version'),
  })
  .meta({ id: 'DistributionSpec' });

/** One version's way to one point. */
export const distributionProgressSchema = z
  .strictObject({
    point: nameSchema,
    version: z.number().int().positive(),
    manifest: digestSchema,
    state: z.enum(['pending', 'transferring', 'available', 'retrying', 'failed']),
    filesDone: z.number().int(),
    files: z.number().int(),
    bytesDone: z.number(),
    bytes: z.number(),
    attempts: z.number().int(),
    lastError: z.string().optional(),
    updatedAt: instantSchema,
  })
  .meta({ id: 'DistributionProgress' });

export const distributionStatusSchema = z
  .strictObject({ points: z.array(distributionProgressSchema) })
  .meta({ id: 'DistributionStatus' });

export type DistributionSpec = z.infer<typeof distributionSpecSchema>;
export type DistributionProgress = z.infer<typeof distributionProgressSchema>;
export type DistributionStatus = z.infer<typeof distributionStatusSchema>;

/** The wish that points hold a package's newest version, and how far that is. */
export const distribution = defineKind({
  kind: 'Distribution',
  plural: 'distributions',
  singular: 'distribution',
  service: 'content',
  spec: distributionSpecSchema,
  status: distributionStatusSchema,
});
