import type { Resource } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import type { WrittenDocument } from '../documents/read-documents.js';
import { toYaml } from '../output/formats.js';
import { lineDifference } from './line-difference.js';

/**
 * What applying a document would change, as lines; none for nothing. The server itself says what it would make of the document
 * (a dry run), so that the answer is what apply would do.
 */
export async function documentDifference(
  client: ApiClient,
  { kind, input }: Pick<WrittenDocument, 'kind' | 'input'>,
): Promise<string[]> {
  const before = await client.find(kind, input.metadata.name);
  const after = await client.apply(kind, input, { dryRun: true });
  return lineDifference(before === undefined ? [] : wishLines(before), wishLines(after));
}

/** What a user decides about an object; keys in one order, because the server does not keep the order of all. */
function wishLines({ apiVersion, kind, metadata, spec }: Resource): string[] {
  const { name, displayName, folder, labels } = metadata;
  return toYaml(sortKeys({ apiVersion, kind, metadata: { name, displayName, folder, labels }, spec })).split('\n');
}

/** Keys in one order at every depth. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sortKeys(inner)]));
}
