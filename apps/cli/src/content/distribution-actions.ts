import type { DistributionActionResult, DistributionCopies } from '@muster/contracts/kinds/distribution.js';
import type { ApiClient } from '../api/api-client.js';

/** How the stored objects of a distribution stand, by point. */
export async function readCopies(client: ApiClient, name: string): Promise<DistributionCopies[]> {
  return (await client.json<{ points: DistributionCopies[] }>('GET', `${address(name)}/copies`)).points;
}

/** Has something done about what a distribution sent. @param points undefined: all its points */
export function actOn(
  client: ApiClient,
  name: string,
  act: 'validate' | 'redistribute' | 'cancel',
  points: readonly string[] | undefined,
): Promise<DistributionActionResult> {
  return client.json('POST', `${address(name)}/${act}`, { body: points ? { points } : {}, repeatable: true });
}

function address(name: string): string {
  return `/api/v1/distributions/${encodeURIComponent(name)}`;
}
