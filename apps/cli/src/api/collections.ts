import type {
  CollectionUses,
  MemberList,
  MembershipExplanation,
  MembershipPreview,
} from '@muster/contracts/kinds/collection-members.js';
import { collection, type CollectionSpec } from '@muster/contracts/kinds/collection.js';
import type { ApiClient } from './api-client.js';
import { pages } from './pages.js';

/** The devices in a collection by name, page by page. */
export async function* listMembers(client: ApiClient, name: string): AsyncGenerator<MemberList['items'][number]> {
  yield* pages<MemberList['items'][number]>(client, address(name, '/members'), { limit: '500' });
}

/** Why a device is in a collection, or is not. */
export async function explainMember(client: ApiClient, name: string, device: string): Promise<MembershipExplanation> {
  return client.json('GET', address(name, `/members/${encodeURIComponent(device)}`));
}

/** What keeps a collection from being deleted. */
export async function collectionUses(client: ApiClient, name: string): Promise<CollectionUses> {
  return client.json('GET', address(name, '/uses'));
}

/** Who would be in, if the collection had these rules. */
export async function previewMembers(
  client: ApiClient,
  name: string,
  spec: CollectionSpec,
  device?: string,
): Promise<MembershipPreview> {
  return client.json('POST', address('-', '/preview'), { body: { name, spec, device }, repeatable: true });
}

function address(name: string, rest: string): string {
  return `/api/v1/${collection.plural}/${encodeURIComponent(name)}${rest}`;
}
