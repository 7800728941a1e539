import { z } from 'zod';
import { scheduleSchema } from './schedule.js';

/** What a window is for (collections-variables.md MW-02). */
export const WINDOW_PURPOSES = ['AllDeployments', 'TaskSequences', 'SoftwareUpdates'] as const;

export const SHORTEST_WINDOW_MINUTES = 5;
export const LONGEST_WINDOW_MINUTES = 24 * 60;

/** A time in which computers may be worked on (collections-variables.md section 4). */
export const maintenanceWindowSchema = z
  .strictObject({
    name: z.string().min(1).max(64).describe('Unique in its collection'),
    for: z
      .enum(WINDOW_PURPOSES)
      .optional()
      .describe(
        'Default AllDeployments. A device with a TaskSequences window runs sequences in such windows only; SoftwareUpdates windows say nothing of sequences',
      ),
    schedule: scheduleSchema,
    durationMinutes: z
      .int()
      .min(SHORTEST_WINDOW_MINUTES)
      .max(LONGEST_WINDOW_MINUTES)
      .describe('Elapsed minutes, also in a night in which the clocks change'),
    enabled: z.boolean().optional().describe('Default true'),
  })
  .meta({ id: 'MaintenanceWindow' });

export type MaintenanceWindow = z.infer<typeof maintenanceWindowSchema>;

/**
 * The windows that rule the runs of sequences on a device that has all of these (MW-08, MW-09); undefined: nothing restricts it.
 * Those for sequences alone count where there is one; a window that never comes again restricts like any other.
 * @param allDeployments those for all deployments count beside those for sequences, as client settings may want it
 */
export function windowsForSequences<Window extends MaintenanceWindow>(
  windows: readonly Window[],
  allDeployments = false,
): readonly Window[] | undefined {
  const enabled = windows.filter((window) => window.enabled !== false);
  const own = enabled.filter((window) => window.for === 'TaskSequences');
  const all = enabled.filter((window) => (window.for ?? 'AllDeployments') === 'AllDeployments');
  if (own.length > 0) return allDeployments ? [...own, ...all] : own;
  return all.length > 0 ? all : undefined;
}
