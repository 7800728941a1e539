import { stepReportSchema } from '@muster/sequence/report.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Reports of one run that the site has acknowledged, in the order of their numbers, none twice. */
export const runReported = defineEvent(
  'policy',
  'run-reported',
  z.object({
    deviceUid: uidSchema,
    deploymentUid: uidSchema,
    runId: uidSchema,
    sequenceDigest: digestSchema.optional().describe('The revision that the device runs, when its agent says so'),
    reports: z.array(stepReportSchema).min(1),
  }),
);
