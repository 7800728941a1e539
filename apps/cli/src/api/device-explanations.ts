import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { ApiClient } from './api-client.js';

/** What policy means for a device; with a deployment, each step's fate too. */
export async function explainDevice(
  client: ApiClient,
  device: string,
  deployment: string | undefined,
): Promise<DeviceExplanation> {
  return client.json('GET', `/api/v1/device-explanations/${encodeURIComponent(device)}`, { query: { deployment } });
}
