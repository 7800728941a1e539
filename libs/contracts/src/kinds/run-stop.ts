import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';

const reasonSchema = z.string().min(1).max(256).optional().describe('Kept with the runs and in the audit');

/** What ends behind its step at hand. */
export const runStopRequestSchema = z
  .union([
    z.strictObject({ run: nameSchema.describe('One run'), reason: reasonSchema }),
    z.strictObject({ device: nameSchema.describe('All that goes on on a device'), reason: reasonSchema }),
    z.strictObject({
      deployment: nameSchema.describe('Name or uid of a deleted deployment: also what was not heard of yet'),
      reason: reasonSchema,
    }),
  ])
  .meta({ id: 'RunStopRequest' });

/** Who wants a run to end. */
export const runStopSchema = z
  .strictObject({ askedAt: instantSchema, by: z.string(), reason: z.string().optional() })
  .meta({ id: 'RunStop' });

/** POST /api/v1/runs/-/stop */
export const runStopAnswerSchema = z
  .strictObject({
    count: z.int().nonnegative().describe('Runs that had not ended, as far as the site knows'),
    runs: z.array(nameSchema).describe('Their names; at most 100'),
  })
  .meta({ id: 'RunStopAnswer' });

export type RunStopRequest = z.infer<typeof runStopRequestSchema>;
export type RunStop = z.infer<typeof runStopSchema>;
export type RunStopAnswer = z.infer<typeof runStopAnswerSchema>;
