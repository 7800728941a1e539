import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** More devices may start a deployment than before: those that were refused ask again. */
export const rolloutChanged = defineEvent(
  'deployment',
  'rollout-changed',
  z.object({
    deploymentUid: uidSchema,
    change: z.int().nonnegative().describe('Goes up with every change'),
    stage: z.string(),
    actor: z.string().describe('Who did it: a token name, or `system`'),
  }),
);
