import { randomUUID } from 'node:crypto';
import type { References, SearchResult, Uses } from '@muster/contracts/kinds/sequence-search.js';
import {
  type Revision,
  type RevisionDifference,
  type RevisionSummary,
  SEQUENCE_PATCH_MEDIA_TYPE,
} from '@muster/contracts/kinds/sequence-revision.js';
import type { SequenceFromTemplate } from '@muster/contracts/kinds/sequence-template.js';
import { taskSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { PatchOperation } from '@muster/sequence/edit/patch-model.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { ApiClient, WriteWish } from './api-client.js';
import { pages } from './pages.js';

/** A task sequence as the site has it. */
export type SequenceResource = Resource<SequenceSpec, TaskSequenceStatus>;

/** Every revision of a sequence, newest first, page by page. */
export async function* listRevisions(client: ApiClient, name: string): AsyncGenerator<RevisionSummary> {
  yield* pages<RevisionSummary>(client, address(name, '/revisions'), { limit: '100' });
}

/** What changed from one revision to another, or to the newest. */
export async function compareRevisions(
  client: ApiClient,
  name: string,
  revision: number,
  other: number | undefined,
): Promise<RevisionDifference> {
  const query = { with: other === undefined ? undefined : String(other) };
  return client.json('GET', address(name, `/revisions/${revision}/difference`), { query });
}

/** One revision with its specification. */
export async function getRevision(client: ApiClient, name: string, revision: number): Promise<Revision> {
  return client.json('GET', address(name, `/revisions/${revision}`));
}

/** Saves an old specification as a new revision. */
export async function restoreRevision(
  client: ApiClient,
  name: string,
  revision: number,
  wish: WriteWish,
): Promise<SequenceResource> {
  return client.json('POST', address(name, `/revisions/${revision}/restore`), {
    query: queryOf(wish),
    headers: { 'Idempotency-Key': randomUUID() },
    repeatable: true,
  });
}

/** Makes a sequence of a template. */
export async function createFromTemplate(
  client: ApiClient,
  template: string,
  wanted: SequenceFromTemplate,
  wish: WriteWish,
  idempotencyKey: string,
): Promise<SequenceResource> {
  return client.json('POST', address('-', `/templates/${template}`), {
    query: queryOf(wish),
    body: wanted,
    headers: { 'Idempotency-Key': idempotencyKey },
    repeatable: true,
  });
}

/** Changes a sequence by node: all operations or none. */
export async function patchSequence(
  client: ApiClient,
  name: string,
  operations: readonly PatchOperation[],
  wish: WriteWish,
): Promise<SequenceResource> {
  return client.json('PATCH', address(name), {
    query: queryOf(wish),
    body: { operations },
    headers: { 'Content-Type': SEQUENCE_PATCH_MEDIA_TYPE, 'Idempotency-Key': randomUUID() },
    repeatable: true,
  });
}

/** Sequences in which all words of a text stand, page by page. */
export async function* searchSequences(client: ApiClient, text: string): AsyncGenerator<SearchResult['items'][number]> {
  yield* pages<SearchResult['items'][number]>(client, address('-', '/search'), { text, limit: '50' });
}

/** Nodes that refer to an object, page by page. */
export async function* listUses(client: ApiClient, kind: string, name: string): AsyncGenerator<Uses['items'][number]> {
  yield* pages<Uses['items'][number]>(client, address('-', '/uses'), { kind, name, limit: '500' });
}

/** What a sequence refers to, page by page. */
export async function* listReferences(client: ApiClient, name: string): AsyncGenerator<References['items'][number]> {
  yield* pages<References['items'][number]>(client, address(name, '/references'), { limit: '500' });
}

function address(name: string, rest = ''): string {
  return `/api/v1/${taskSequence.plural}/${encodeURIComponent(name)}${rest}`;
}

function queryOf({ dryRun, comment }: WriteWish): Record<string, string | undefined> {
  return { dryRun: dryRun ? 'true' : undefined, comment };
}
