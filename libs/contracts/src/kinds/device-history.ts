import { z } from 'zod';
import { instantSchema } from '../resource.js';

/** GET /api/v1/devices/{name}/history: what happened to a device and what it did, newest first. */
export const deviceHistorySchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(
      z.strictObject({
        at: instantSchema,
        what: z
          .string()
          .describe(
            'device.enrolled, device.blocked, …, run.started, run.silent, run.succeeded, run.failed; deployment.waiting, deployment.rejected, …: what it last told of a deployment',
          ),
        message: z.string().optional(),
        run: z.string().optional(),
        deployment: z.string().optional(),
        taskSequence: z.string().optional(),
        exitCode: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'DeviceHistory' });

export type DeviceHistory = z.infer<typeof deviceHistorySchema>;
