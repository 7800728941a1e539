import { digestSchema, type Digest } from '@muster/contracts/digest.js';
import { contentReferenceSchema, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { siteCodeSchema } from '@muster/contracts/links/link-messages.js';
import { instantSchema } from '@muster/contracts/resource.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { z } from 'zod';

/** What sites tell each other of a version: all but its bytes and the list of its files, which the digest names. */
export interface SharedVersion {
  readonly manifest: Digest;
  readonly files: number;
  readonly bytes: number;
  readonly createdAt: string;
}

const documentSchema: z.ZodType<SharedVersion> = z.strictObject({
  manifest: digestSchema,
  files: z.number().int().nonnegative(),
  bytes: z.number().nonnegative(),
  createdAt: instantSchema,
});

/** Which version it is in all the hierarchy. Its source is a part of the name, so that no two sites write the same one. */
export interface VersionName {
  readonly content: ContentReference;
  readonly version: number;
  /** Code of the site that made it. */
  readonly source: string;
}

const nameOfVersionSchema: z.ZodType<VersionName> = z.strictObject({
  content: contentReferenceSchema,
  version: z.number().int().min(1).max(2_147_483_647),
  source: siteCodeSchema,
});

/** The kind of the records of versions, as far as writing one needs it. */
export const CONTENT_VERSION: Pick<ReplicatedKind, 'kind' | 'schemaVersion' | 'understand'> = {
  kind: 'ContentVersion',
  schemaVersion: 1,
  understand: (content) => parseTolerant(documentSchema, content),
};

/** `Package/hello/3/CEN` */
export function versionKey({ content: { kind, name }, version, source }: VersionName): string {
  return `${kind}/${name}/${version}/${source}`;
}

/** @throws ZodError when it is no such key */
export function readVersionKey(key: string): VersionName {
  const [kind, name, version, source] = key.split('/');
  return nameOfVersionSchema.parse({ content: { kind, name }, version: Number(version), source });
}
