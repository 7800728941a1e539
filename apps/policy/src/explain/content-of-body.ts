import { NO_FILES_DIGEST } from '@muster/contracts/agent/content.js';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { contentKindSchema, type ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';

/** A version of content that a body names. */
export interface BodyContentItem {
  readonly kind: ContentKind;
  readonly name: string;
  readonly version: number;
  readonly manifest: string;
}

/** Everything with files that a run of this body may download, packages first; not packages without files. Pure. */
export function contentOfBody({ packages, contents = {} }: PolicyBody): BodyContentItem[] {
  const all = [['Package', packages] as const, ...Object.entries(contents)];
  const items = all.flatMap(([kind, byName]) =>
    Object.entries(byName).map(([name, { version, manifest }]) => ({
      kind: contentKindSchema.parse(kind),
      name,
      version,
      manifest,
    })),
  );
  return items.filter(({ manifest }) => manifest !== NO_FILES_DIGEST);
}

/** Addresses at which a device may be met, in the order of its interfaces; its own loopback and link-local ones say nothing. Pure. */
export function addressesOf(facts: Facts | undefined): string[] {
  return (facts?.network ?? [])
    .flatMap(({ addresses }) => addresses)
    .filter((address) => !/^(?:127\.|169\.254\.|::1$|fe80:)/i.test(address));
}
