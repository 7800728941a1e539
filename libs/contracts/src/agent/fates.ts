import { ACCEPTANCES, DELIVERIES } from '@muster/schedule/fate.js';
import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';

/** Fates that a device tells in one request. */
export const MOST_FATES = 500;
export const MOST_SAYS_CHARACTERS = 500;

const saysSchema = z
  .string()
  .max(MOST_SAYS_CHARACTERS)
  .describe('The same as a sentence, as `muster-agent list` has it');

/** Whether a device takes part in a deployment, and how far it is with it. */
export const fateShape = {
  acceptance: z
    .strictObject({
      state: z
        .enum(ACCEPTANCES)
        .describe('rejected: the sequence is for other platforms; expired: its end came before a run began'),
      at: instantSchema.describe("Since when, by the device's clock"),
      says: saysSchema.optional(),
    })
    .describe('Does it take part?'),
  delivery: z
    .strictObject({
      state: z
        .enum(DELIVERIES)
        .describe('offered: people there may start it; not-rerun: a trigger came, and its rule says no'),
      reason: z
        .string()
        .regex(/^[a-z][a-z-]{0,39}$/)
        .optional()
        .describe('What it waits for: window, no-window, trigger, content, permit, …'),
      at: instantSchema.describe("Since when, by the device's clock"),
      until: instantSchema.optional().describe('When that may change by itself'),
      says: saysSchema.optional(),
    })
    .optional()
    .describe('How far it is, apart from its runs; absent: it never came so far'),
};

export const toldFateSchema = z.strictObject({
  deploymentUid: uidSchema,
  number: z.int().positive().describe('Greater than that of everything the device told before: the greatest counts'),
  ...fateShape,
});

/** POST /api/v1/agent/fates: what became another fate since it was told last, and no run tells. */
export const fatesRequestSchema = z
  .strictObject({ fates: z.array(toldFateSchema).min(1).max(MOST_FATES) })
  .meta({ id: 'FatesRequest' });

export const fatesResponseSchema = z
  .strictObject({
    acknowledged: z
      .array(z.int())
      .describe('Numbers that are durable now; the deployments of the others are not, and were not, for this device'),
  })
  .meta({ id: 'FatesResponse' });

export type FatesRequest = z.infer<typeof fatesRequestSchema>;
export type FatesResponse = z.infer<typeof fatesResponseSchema>;
export type ToldFate = z.infer<typeof toldFateSchema>;
