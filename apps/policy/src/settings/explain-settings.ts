import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { resultantSettings } from '@muster/contracts/kinds/resultant-settings.js';
import type { PolicyContent } from '../serving/policy-document.js';
import { goesBy } from './go-by-settings.js';

/** Which value of every setting holds on a device, which lost, and whether its agent knows of it. Pure. */
export function explainSettings({
  clientSettings,
  abilities,
}: Pick<PolicyContent, 'clientSettings' | 'abilities'>): NonNullable<DeviceExplanation['settings']> {
  return resultantSettings(clientSettings).map((one) => ({
    ...one,
    told: goesBy(one.name, abilities),
  }));
}
