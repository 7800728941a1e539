import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** A run that said nothing for this long counts as over, whatever it said last. */
export const UNHEARD_DAYS = 31;

/**
 * Runs that have not ended, of deployments that exist or are deleted: since when the first of each goes on, by the clock of the site.
 * Deployments without any are left out.
 */
export const findRunsUnderWay = defineRequest(
  'deployment',
  'find-runs-under-way',
  z.object({
    deploymentUids: z.array(uidSchema).max(1000),
    deviceUid: uidSchema.optional().describe('Only runs of this device'),
  }),
  z.object({ items: z.array(z.object({ deploymentUid: uidSchema, since: instantSchema })) }),
);
