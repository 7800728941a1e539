import { z } from 'zod';
import { defineKind } from '../resource.js';

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
  })
  .meta({ id: 'DistributionPointSpec' });

export const distributionPointStatusSchema = z
  .strictObject({
    available: z.number().int().describe('Versions that agents can download here'),
    pending: z.number().int(),
    failed: z.number().int(),
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
