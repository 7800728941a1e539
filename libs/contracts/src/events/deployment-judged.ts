import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { deploymentPolicySchema } from '../kinds/deployment.js';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** What a deployment means for the policy of devices became something else: compiled, blocked or withdrawn, and why. */
export const deploymentJudged = defineEvent(
  'policy',
  'deployment-judged',
  z.object({
    deploymentUid: uidSchema,
    policy: deploymentPolicySchema,
    body: digestSchema.optional().describe('Compiled: what devices run from now on'),
  }),
);
