import { stepReportSchema } from '@muster/sequence/report.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { uidSchema } from '../resource.js';

/** POST /api/v1/agent/reports: at most 500 at once, resent until acknowledged, kept once by (runId, number). */
export const reportsRequestSchema = z
  .strictObject({
    reports: z
      .array(
        z.strictObject({
          deploymentUid: uidSchema,
          sequenceDigest: digestSchema
            .optional()
            .describe('The revision that the run runs; without it the site takes that of the deployment'),
          report: stepReportSchema,
        }),
      )
      .min(1)
      .max(500),
  })
  .meta({ id: 'ReportsRequest' });

export const reportsResponseSchema = z
  .strictObject({
    acknowledged: z
      .array(z.strictObject({ runId: uidSchema, number: z.number().int() }))
      .describe('Durable now, or durable before'),
  })
  .meta({ id: 'ReportsResponse' });

export type ReportsRequest = z.infer<typeof reportsRequestSchema>;
export type ReportsResponse = z.infer<typeof reportsResponseSchema>;
