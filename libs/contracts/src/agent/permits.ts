import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { uidSchema } from '../resource.js';

/** Header of an agent's request for policy: what it can do that older ones cannot, separated by commas. */
export const ABILITIES_HEADER = 'muster-abilities';
/** It starts a deployment that has a rollout only with a permit. */
export const START_PERMITS = 'start-permits';

/** POST /api/v1/agent/permits: may this device start a deployment now? Asking twice is asking once. */
export const permitRequestSchema = z
  .strictObject({
    deploymentUid: uidSchema,
    body: digestSchema.describe('What it would run'),
    runId: uidSchema.describe('The id that the run will have'),
  })
  .meta({ id: 'PermitRequest' });

export const permitResponseSchema = z
  .strictObject({
    granted: z.boolean(),
    group: z.string().optional().describe('Granted: in which group of the rollout'),
    startWithinSeconds: z.int().min(1).optional().describe('Granted: the run begins in this time, or asks again'),
    code: z.string().optional().describe('Refused: why'),
    message: z.string().optional(),
    askAgainSeconds: z.int().min(1).optional().describe('Refused: when to ask again if nothing is told before'),
  })
  .meta({ id: 'PermitResponse' });

export type PermitRequest = z.infer<typeof permitRequestSchema>;
export type PermitResponse = z.infer<typeof permitResponseSchema>;
