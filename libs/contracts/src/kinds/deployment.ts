import { rolloutSchema } from '@muster/schedule/rollout/rollout.js';
import { startRulesShape } from '@muster/schedule/start-rules.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { siteCodeSchema } from '../hierarchy/site.js';
import { defineKind, instantSchema, nameSchema } from '../resource.js';

const percentSchema = z.number().min(0).max(100);

/** What a deployment raises alerts for. Percents are of its devices: members of the collection, or all that have reported if those are more. */
export const deploymentAlertsSchema = z
  .strictObject({
    failedAbovePercent: percentSchema
      .optional()
      .describe('Alert when the newest run that has ended failed on more of its devices'),
    succeeded: z
      .strictObject({ percent: percentSchema, by: instantSchema })
      .optional()
      .describe('Alert when at this time, or later, the newest run that has ended succeeded on fewer of its devices'),
    waitingForContentAbovePercent: percentSchema.optional().describe('Alert when more of its devices wait for content'),
    noWindowAbovePercent: percentSchema
      .optional()
      .describe('Alert when on more of its devices no maintenance window that comes is long enough for a run'),
    silentAbovePercent: percentSchema
      .optional()
      .describe(
        'Alert when on more of its devices the newest run has not ended, and nothing was heard of it for 24 hours',
      ),
  })
  .refine(
    (alerts) => Object.values(alerts).some((one) => one !== undefined),
    'at least one of failedAbovePercent, succeeded, waitingForContentAbovePercent, noWindowAbovePercent and silentAbovePercent is expected',
  )
  .meta({ id: 'DeploymentAlerts' });

export const deploymentSpecSchema = z
  .strictObject({
    sequence: nameSchema.describe('Cannot change after creation'),
    collection: nameSchema.describe('Cannot change after creation'),
    revision: digestSchema
      .optional()
      .describe(
        'Digest of the revision of the sequence that devices run, whatever comes later. Default: always the newest',
      ),
    ...startRulesShape,
    wakeUp: z
      .boolean()
      .optional()
      .describe('Required only: are devices woken by packets when a time of it comes? Default false'),
    rollout: rolloutSchema
      .optional()
      .describe('Devices start it group by group, each with a permit of the site. Default: all at once'),
    agreedDevices: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe(
        'Of a Required deployment that may take systems or data away: on so many devices whoever deploys it has agreed to that',
      ),
    agreedSiteServers: z
      .array(nameSchema)
      .max(20)
      .optional()
      .describe('Of the same: computers of the site itself among them to which whoever deploys it has agreed'),
    agreedServers: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe('Of the same: on so many servers whoever deploys it has agreed to that'),
    alerts: deploymentAlertsSchema.optional(),
    comment: z
      .string()
      .max(1000)
      .optional()
      .describe('What people at the site should know of it; devices are not told'),
  })
  .meta({ id: 'DeploymentSpec' });

export const deploymentPolicySchema = z
  .strictObject({
    state: z
      .enum(['compiled', 'blocked', 'withdrawn'])
      .describe(
        'compiled: devices are told; blocked: something is missing or wrong; withdrawn: devices are told nothing',
      ),
    code: z.string().optional().describe('Why it is not compiled: a stable code'),
    message: z.string().optional(),
  })
  .meta({ id: 'DeploymentPolicy' });

const toldFatesSchema = z
  .array(
    z.strictObject({
      state: z.string().describe('waiting, downloading, offered, not-rerun, rejected or expired'),
      reason: z.string().optional().describe('What they wait for'),
      devices: z.number().int().nonnegative(),
    }),
  )
  .describe(
    'What devices told last, of those whose run has not begun since; also of those that have left the collection',
  );

const siteResultsSchema = z
  .strictObject({
    site: siteCodeSchema,
    members: z.number().int().nonnegative().describe('Of its collection, at that site'),
    succeeded: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    fates: toldFatesSchema.optional(),
  })
  .meta({ id: 'SiteResults' });

export type ToldFates = z.infer<typeof toldFatesSchema>;
export type SiteResults = z.infer<typeof siteResultsSchema>;

export const deploymentStatusSchema = z
  .strictObject({
    sequenceDigest: digestSchema.describe('The revision that devices run'),
    devices: z
      .strictObject({
        targeted: z.number().int(),
        running: z.number().int(),
        silent: z.number().int().optional().describe('Not ended, and nothing heard for 24 hours'),
        succeeded: z.number().int(),
        failed: z.number().int(),
        waiting: z.number().int().describe('Targeted, nothing heard of a start, and one may still come'),
        rejected: z
          .number()
          .int()
          .optional()
          .describe('Will not begin: the sequence is for other platforms; absent: none'),
        expired: z.number().int().optional().describe('Will not begin: its end has come'),
        notRerun: z.number().int().optional().describe('Will not begin: its rule for reruns says no'),
      })
      .describe('Derived from runs and membership at the moment of reading'),
    fates: toldFatesSchema.optional(),
    highRisk: z
      .strictObject({
        steps: z.array(z.string()).describe('Steps that may take systems or data away, with the sequence; at most 20'),
        devices: z.int().nonnegative().describe('Members when it was saved as Required'),
        servers: z
          .int()
          .nonnegative()
          .optional()
          .describe('Those of them that were servers, where the site asks about servers'),
      })
      .optional(),
    sites: z.array(siteResultsSchema).optional().describe('What each site below this one has told of its devices'),
    policy: deploymentPolicySchema
      .optional()
      .describe('What became of it in the policy of devices; absent until policy has looked at it'),
  })
  .meta({ id: 'DeploymentStatus' });

export type DeploymentSpec = z.infer<typeof deploymentSpecSchema>;
export type DeploymentPolicy = z.infer<typeof deploymentPolicySchema>;
export type DeploymentStatus = z.infer<typeof deploymentStatusSchema>;

/** One sequence for one collection, with the rules of when. */
export const deployment = defineKind({
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  service: 'deployment',
  spec: deploymentSpecSchema,
  status: deploymentStatusSchema,
});
