import { z } from 'zod';
import { permitRequestSchema, permitResponseSchema } from '../agent/permits.js';
import { uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** May a device start a deployment now? A permit that is granted is durable. */
export const askPermit = defineRequest(
  'deployment',
  'ask-permit',
  permitRequestSchema.extend({ deviceUid: uidSchema }),
  permitResponseSchema,
);

/** What a device would be answered for each of these deployments; those without a rollout are left out. */
export const explainPermits = defineRequest(
  'deployment',
  'explain-permits',
  z.strictObject({ deviceUid: uidSchema, deploymentUids: z.array(uidSchema).max(500) }),
  z.object({
    permits: z.array(
      z.object({
        deploymentUid: uidSchema,
        granted: z.boolean(),
        group: z.string().optional().describe('The one that it is in, or would be in'),
        code: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
  }),
);
