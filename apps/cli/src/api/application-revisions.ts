import { randomUUID } from 'node:crypto';
import type {
  ApplicationDifference,
  ApplicationRevisionSummary,
} from '@muster/contracts/kinds/application-revision.js';
import { application, type ApplicationSpec, type ApplicationStatus } from '@muster/contracts/kinds/application.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { ApiClient, WriteWish } from './api-client.js';
import { pages } from './pages.js';

/** Every revision of an application, newest first, page by page. */
export async function* listApplicationRevisions(
  client: ApiClient,
  name: string,
): AsyncGenerator<ApplicationRevisionSummary> {
  yield* pages<ApplicationRevisionSummary>(client, address(name), { limit: '100' });
}

/** What changed from one revision to another, or to the newest. */
export async function compareApplicationRevisions(
  client: ApiClient,
  name: string,
  revision: number,
  other: number | undefined,
): Promise<ApplicationDifference> {
  const query = { with: other === undefined ? undefined : String(other) };
  return client.json('GET', address(name, `/${revision}/difference`), { query });
}

/** Saves an old specification as a new revision. */
export async function restoreApplicationRevision(
  client: ApiClient,
  name: string,
  revision: number,
  { dryRun, comment }: WriteWish,
): Promise<Resource<ApplicationSpec, ApplicationStatus>> {
  return client.json('POST', address(name, `/${revision}/restore`), {
    query: { dryRun: dryRun ? 'true' : undefined, comment },
    headers: { 'Idempotency-Key': randomUUID() },
    repeatable: true,
  });
}

function address(name: string, rest = ''): string {
  return `/api/v1/${application.plural}/${encodeURIComponent(name)}/revisions${rest}`;
}
