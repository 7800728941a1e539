import { z } from 'zod';
import { fateShape } from '../agent/fates.js';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';
import { deploymentPolicySchema } from './deployment.js';
import { deploymentRolloutSchema } from './deployment-rollout.js';

/** What a device did with a deployment: by its newest run, or, while it has none, by what it told. */
export const DEVICE_STATES = [
  'waiting',
  'downloading',
  'rejected',
  'expired',
  'not-rerun',
  'running',
  'restart-pending',
  'silent',
  'succeeded',
  'failed',
] as const;
/** A run that has not ended and of which nothing was heard for so long is silent, whatever it last said. */
export const SILENT_HOURS = 24;

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

/** GET /api/v1/deployments/{name}/progress: how it goes, derived from the newest run of each device at the moment of reading. */
export const deploymentProgressSchema = z
  .strictObject({
    deployment: nameSchema,
    sequence: nameSchema,
    sequenceDigest: digestSchema.describe('The revision that devices run now'),
    at: instantSchema,
    deletedAt: instantSchema.optional().describe('It was deleted then; what devices did with it stays'),
    hold: z.enum(['Starts', 'Runs']).optional().describe('Somebody at the site holds it: no device starts it'),
    policy: deploymentPolicySchema
      .optional()
      .describe('Why devices are told nothing of it, or only what they were told before; absent: they are told'),
    devices: z.strictObject({
      targeted: count.describe('The sum of the others'),
      waiting: count.describe('Members of which no run is known, and one may still come'),
      downloading: count.describe('The same, and their content comes: it is to be there before the run'),
      rejected: count.describe('No run, and the sequence is for other platforms: nothing runs there, whoever asks'),
      expired: count.describe('No run, and its end has come'),
      notRerun: count.describe('No run that the site knows of; one was, and its rule for reruns says no'),
      running: count,
      restartPending: count,
      silent: count.describe(`Not ended, and nothing heard for ${SILENT_HOURS} hours`),
      succeeded: count,
      failed: count,
    }),
    fates: z
      .array(
        z.strictObject({
          state: z.string().describe('waiting, downloading, offered, not-rerun, rejected or expired'),
          reason: z.string().optional().describe('What they wait for: window, no-window, content, permit, …'),
          devices: count,
        }),
      )
      .describe(
        'What members without a run told last, the most frequent first; those of which nothing was heard are not among them',
      ),
    rollout: deploymentRolloutSchema.optional().describe('Of a deployment that has one'),
    succeededPercent: z.number().min(0).max(100).describe('Of all that are targeted'),
    ended: z
      .strictObject({ lastHour: count, lastDay: count, lastWeek: count, lastMonth: count.describe('30 days') })
      .describe('Devices whose newest run ended in that time'),
    runSeconds: z
      .strictObject({ median: seconds, p95: seconds, longest: seconds })
      .optional()
      .describe('From start to end; absent: none has ended'),
    errors: z
      .array(
        z.strictObject({
          code: z.string().optional(),
          step: z
            .string()
            .optional()
            .describe('Path of the step that failed; absent: the run failed outside of its steps'),
          exitCode: z.int().optional(),
          message: z.string().optional().describe('Of one of them'),
          devices: count,
          examples: z.array(nameSchema).describe('At most five'),
        }),
      )
      .describe('Failed devices by what failed, the most frequent first; at most 50'),
    steps: z
      .array(
        z.strictObject({
          path: z.string(),
          running: count,
          silent: count.describe('It had begun when its run fell silent'),
          succeeded: count,
          failed: count,
          skipped: count,
          medianSeconds: seconds.optional(),
          longestSeconds: seconds.optional(),
        }),
      )
      .describe('In the order in which they run; at most 1,000'),
  })
  .meta({ id: 'DeploymentProgress' });

/** GET /api/v1/deployments/{name}/devices: each device and what it did, by name. */
export const deploymentDeviceListSchema = z
  .strictObject({
    metadata: z.strictObject({
      deletedAt: instantSchema.optional().describe('The deployment was deleted then'),
      continue: z.string().optional().describe('Ask for the next page with ?continue='),
    }),
    items: z.array(
      z.strictObject({
        device: nameSchema,
        deviceUid: uidSchema,
        state: z.enum(DEVICE_STATES),
        member: z.boolean().describe('false: it has left the collection since, or the deployment was deleted'),
        run: z.string().optional().describe('Its newest run'),
        step: z.string().optional().describe('Where it is, or what failed'),
        code: z.string().optional(),
        exitCode: z.int().optional(),
        message: z.string().optional(),
        heardAt: instantSchema.optional(),
        fate: z
          .strictObject(fateShape)
          .optional()
          .describe(
            'What it told last that no run of it has overtaken; it stays when the device leaves the collection',
          ),
      }),
    ),
  })
  .meta({ id: 'DeploymentDeviceList' });

export type DeviceState = (typeof DEVICE_STATES)[number];
export type DeploymentProgress = z.infer<typeof deploymentProgressSchema>;
export type DeploymentDeviceList = z.infer<typeof deploymentDeviceListSchema>;
