import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Somebody wants runs to end that no assignment speaks of any more, or that are to end alone. */
export const runsStopped = defineEvent(
  'deployment',
  'runs-stopped',
  z.object({
    runs: z.array(z.object({ runUid: uidSchema, deviceUid: uidSchema })),
    deployments: z.array(uidSchema).describe('Deleted ones: whatever goes on of them, also what was not heard of yet'),
    actor: z.string().describe('Who did it: a token name'),
  }),
);
