import { sameJson } from '@muster/contracts/digest.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';

/** Whether what people write beside the specification is the same. */
export function sameMetadata(current: Resource, input: ResourceInput): boolean {
  return (
    sameJson(current.metadata.labels ?? {}, input.metadata.labels ?? {}) &&
    current.metadata.displayName === input.metadata.displayName &&
    current.metadata.folder === input.metadata.folder
  );
}
