import { z } from 'zod';
import { booleanSetting, wholeNumberSetting } from '../setting-types.js';

/** Times a step is begun again after unexpected restarts, when its author says nothing. */
const defaultCount = 2;

/** What becomes of the step when the computer restarts unexpectedly while it runs. */
export const retryOnRestartSetting = z
  .strictObject({
    enabled: booleanSetting().optional().meta({ description: 'default true' }),
    count: wholeNumberSetting(1, 5).optional().meta({ description: 'times it is begun again, 1 to 5; default 2' }),
  })
  .meta({ id: 'RetryOnRestart', description: 'what becomes of the step when the computer restarts unexpectedly' });

/** How often a step with `retryOnRestart` among its settings is begun again. A variable that nobody replaced counts as absent. */
export function rerunsOf(settings: unknown): number {
  const retry = z.object({ retryOnRestart: retryOnRestartSetting.optional() }).safeParse(settings ?? {})
    .data?.retryOnRestart;
  if (retry?.enabled === false) return 0;
  return typeof retry?.count === 'number' ? retry.count : defaultCount;
}
