import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema } from '../resource.js';

const count = z.int().nonnegative();

export const ROLLOUT_ACTIONS = ['approve', 'pause', 'resume', 'restart'] as const;

/** GET /api/v1/deployments/{name}/rollout: how far the rollout of a deployment is, and what it waits for. */
export const deploymentRolloutSchema = z
  .strictObject({
    deployment: nameSchema,
    stage: z
      .enum(['not-begun', 'starting', 'waiting', 'paused', 'complete'])
      .describe('not-begun: devices are told nothing of the deployment yet'),
    says: z.string().describe('What it does, or waits for'),
    body: digestSchema.optional().describe('What devices run: the rollout begins anew when it becomes another one'),
    attempt: z.int().describe('Goes up when it begins anew'),
    atMostStarted: count,
    share: count
      .optional()
      .describe('Of atMostStarted, what this site may use, as the site above it dealt; absent: it has all of it'),
    sites: z
      .array(
        z.strictObject({
          site: z.string(),
          share: count.describe('What it may use, as it was told last'),
          open: count,
          heard: z
            .boolean()
            .describe('Whether it has said that it keeps to its share: until then no other site gets of it'),
        }),
      )
      .optional()
      .describe(
        'At the central site: the primary sites among which it divides atMostStarted. The groups are sums then',
      ),
    open: count.describe('Devices that have started, or may, and of which it is not known how it ended'),
    code: z.string().optional().describe('Why it is paused'),
    groups: z.array(
      z.strictObject({
        name: nameSchema,
        state: z.enum(['closed', 'open', 'good']),
        devices: count.optional().describe('Of how many it is judged; absent: it has not opened'),
        needed: count.optional().describe('So many must succeed for it to be good'),
        errorsAllowed: count.optional(),
        open: count,
        succeeded: count,
        failed: count,
        silent: count.describe('Had a permit, and were not heard of in time: they count as errors'),
        forgiven: count.describe('Errors that count no more, because somebody resumed the rollout'),
        openedAt: instantSchema.optional(),
        goodAt: instantSchema.optional(),
        approval: z.enum(['needed', 'approved', 'forced']).optional(),
      }),
    ),
    lastAction: z
      .strictObject({
        action: z.enum(ROLLOUT_ACTIONS),
        actor: z.string(),
        at: instantSchema,
        reason: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: 'DeploymentRollout' });

/** POST /api/v1/deployments/{name}/rollout. */
export const rolloutActionSchema = z
  .strictObject({
    action: z
      .enum(ROLLOUT_ACTIONS)
      .describe(
        'approve: let the next group open; pause: give no more permits; resume: go on, and count the errors until now no more; restart: begin anew with the first group',
      ),
    group: nameSchema
      .optional()
      .describe('Of approve: the group that it is meant for; refused when another one is next'),
    force: z
      .boolean()
      .optional()
      .describe('Of approve: open it at once, whatever became of the group before. Default false'),
    reason: z.string().min(1).max(500).optional().describe('For people'),
  })
  .meta({ id: 'RolloutAction' });

export type DeploymentRollout = z.infer<typeof deploymentRolloutSchema>;
export type RolloutAction = z.infer<typeof rolloutActionSchema>;
