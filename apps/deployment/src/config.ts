import { EVENT_KEEP_DAYS } from '@muster/contracts/kinds/event.js';
import { serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';

const keepDays = z.coerce.number().int().min(1).max(3_650);
const deviceCount = z.coerce.number().int().min(0).max(10_000_000);

/** Settings of the deployment service. */
export const deploymentConfigSchema = serviceConfigSchema
  .extend({
    /** Required deployments that may take systems or data away ask for agreement above so many devices; 0: they never ask. */
    MUSTER_HIGH_RISK_DEVICES: deviceCount.default(100),
    /** Above so many devices they are refused; 0: never. */
    MUSTER_HIGH_RISK_MOST_DEVICES: deviceCount.default(0),
    /** Events are told to whoever asks for so long. */
    MUSTER_EVENT_KEEP_DAYS: keepDays.default(EVENT_KEEP_DAYS),
    /** Alerts whose condition is gone, and that nobody touched, are kept for so long. */
    MUSTER_ALERT_KEEP_DAYS: keepDays.default(90),
  })
  .refine(({ MUSTER_HIGH_RISK_DEVICES: ask, MUSTER_HIGH_RISK_MOST_DEVICES: most }) => most === 0 || most > ask, {
    path: ['MUSTER_HIGH_RISK_MOST_DEVICES'],
    error: 'must be 0, or greater than MUSTER_HIGH_RISK_DEVICES',
  });

export type DeploymentConfig = z.infer<typeof deploymentConfigSchema>;
