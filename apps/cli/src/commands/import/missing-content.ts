import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { API_VERSION, type Kind } from '@muster/contracts/resource.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { ApiClient } from '../../api/api-client.js';
import type { WrittenDocument } from '../../documents/read-documents.js';

/**
 * Documents for the packages, images and drivers that enabled steps of these sequences refer to and that the site does not have: without
 * content, which is uploaded later. Applications and sequences cannot be made up.
 */
export async function missingContent(client: ApiClient, specs: readonly SequenceSpec[]): Promise<WrittenDocument[]> {
  const wanted = new Map<string, { kind: Kind; name: string }>();
  for (const { reference, disabled } of specs.flatMap((spec) => collectReferences(spec))) {
    if (disabled || !(reference.kind in CONTENT_RESOURCES)) continue;
    const kind: Kind = CONTENT_RESOURCES[reference.kind as keyof typeof CONTENT_RESOURCES];
    wanted.set(`${kind.kind}/${reference.name}`, { kind, name: reference.name });
  }
  const missing: WrittenDocument[] = [];
  for (const [place, { kind, name }] of [...wanted].toSorted()) {
    if (await client.find(kind, name)) continue;
    const input: WrittenDocument['input'] = { apiVersion: API_VERSION, kind: kind.kind, metadata: { name }, spec: {} };
    missing.push({ kind, input, place, placeOf: () => place });
  }
  return missing;
}
