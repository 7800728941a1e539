import { serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';

const deviceCount = z.coerce.number().int().min(0).max(10_000_000);

/** Settings of the deployment service. */
export const deploymentConfigSchema = serviceConfigSchema
  .extend({
    /** Required deployments that may take systems or data away ask for agreement above so many devices; 0: they never ask. */
    MUSTER_HIGH_RISK_DEVICES: deviceCount.default(100),
    /** Above so many devices they are refused; 0: never. */
    MUSTER_HIGH_RISK_MOST_DEVICES: deviceCount.default(0),
    /** So long after a start nobody counts as silent in a rollout: what devices said meanwhile is taken in first. */
    MUSTER_ROLLOUT_GRACE_SECONDS: z.coerce.number().int().min(0).max(3600).default(60),
  })
  .refine(({ MUSTER_HIGH_RISK_DEVICES: ask, MUSTER_HIGH_RISK_MOST_DEVICES: most }) => most === 0 || most > ask, {
    path: ['MUSTER_HIGH_RISK_MOST_DEVICES'],
    error: 'must be 0, or greater than MUSTER_HIGH_RISK_DEVICES',
  });

export type DeploymentConfig = z.infer<typeof deploymentConfigSchema>;
