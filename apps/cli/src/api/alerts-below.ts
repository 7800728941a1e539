import { alert, type AlertSpec, type AlertState, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { Resource, ResourceList } from '@muster/contracts/resource.js';
import type { ApiClient } from './api-client.js';

type Alert = Resource<AlertSpec, AlertStatus>;

const PATH = `/api/v1/${alert.plural}/-/below`;

/** Alerts of sites below, which is nothing at a site without such. */
export async function listAlertsBelow(
  client: ApiClient,
  which: { site: string | undefined; state: AlertState | undefined; deployment: string | undefined },
): Promise<Alert[]> {
  const found: Alert[] = [];
  let next: string | undefined;
  do {
    const query = { ...which, limit: '500', continue: next };
    const page: ResourceList<Alert> = await client.json('GET', PATH, { query });
    found.push(...page.items);
    next = page.metadata.continue;
  } while (next !== undefined);
  return found;
}

/** One alert of a site below. */
export async function getAlertBelow(client: ApiClient, site: string, name: string): Promise<Alert> {
  return client.json('GET', `${PATH}/${encodeURIComponent(site)}/${encodeURIComponent(name)}`);
}
