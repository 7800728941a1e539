import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';

/**
 * What a new deployment takes from one that serves as its template: all settings but its sequence and collection, and what somebody decided for
 * that one deployment. A template never has a schedule, an override of windows, or content fetched ahead (as ConfigMgr has it). Agreements
 * to a risk, a hold, the revision and the comment are about one deployment too.
 */
export function settingsLike(template: DeploymentSpec): Partial<DeploymentSpec> {
  const settings: Partial<DeploymentSpec> = { ...template };
  for (const setting of OWN_SETTINGS) delete settings[setting];
  return settings;
}

const OWN_SETTINGS: readonly (keyof DeploymentSpec)[] = [
  'sequence',
  'collection',
  'revision',
  'availableAt',
  'expiresAt',
  'triggers',
  'outsideWindows',
  'fetchAhead',
  'hold',
  'agreedDevices',
  'agreedServers',
  'agreedSiteServers',
  'comment',
];
