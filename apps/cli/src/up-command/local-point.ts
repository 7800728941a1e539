import { distributionPoint } from '@muster/contracts/kinds/distribution-point.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { storeBuckets, storeRegion } from '@muster/localsite/services.js';
import type { RunningSite } from '@muster/localsite/start-site.js';
import type { ApiClient } from '../api/api-client.js';
import { applyDocument } from '../apply/apply-documents.js';
import type { Terminal } from '../terminal.js';
import { phase } from './phases.js';

/** Name of the distribution point on the store of this computer. */
export const LOCAL_POINT = 'local';

/** Makes distribution point `local` on the site's own store, or makes it right: the port of the store may be another one than before. */
export async function applyLocalPoint(site: RunningSite, client: ApiClient): Promise<void> {
  await applyDocument(client, {
    kind: distributionPoint,
    input: {
      apiVersion: API_VERSION,
      kind: distributionPoint.kind,
      metadata: { name: LOCAL_POINT },
      spec: {
        description: 'The store of this computer',
        endpoint: `http://127.0.0.1:${site.ports['store'] ?? 0}`,
        region: storeRegion,
        bucket: storeBuckets.distributionPoint,
        credentials: 'local',
      },
    },
  });
}

/** What a new site has without a step: a point to which content can be sent. Whoever deletes it does not get it again. */
export async function makeFirstPoint(site: RunningSite, client: ApiClient, terminal: Terminal): Promise<void> {
  if (!site.firstStart) return;
  const { siteCode } = site;
  await phase(terminal, `making distribution point "${LOCAL_POINT}" of site ${siteCode}`, () =>
    applyLocalPoint(site, client),
  );
}
