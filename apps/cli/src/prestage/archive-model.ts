import { digestSchema, type Digest } from '@muster/contracts/digest.js';
import { contentKindSchema } from '@muster/contracts/kinds/content-reference.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';

export const ARCHIVE_FORMAT = 'muster-prestage';
/** Since 2 it says what each content is, so that a site that does not know it can make it. */
export const ARCHIVE_VERSION = 2;
/** The first entry of the archive: what is in it. */
export const INDEX_ENTRY = 'muster-prestage.json';
export const MOST_INDEX_BYTES = 16 * 1024 * 1024;

/** What a package, an image and so on is, without its files. */
export const archivedDocumentSchema = z.strictObject({
  displayName: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  spec: z.record(z.string(), z.unknown()),
});

export type ArchivedDocument = z.infer<typeof archivedDocumentSchema>;

/** What a prestaged content file holds: versions of packages, images and so on, each by its manifest. */
export const archiveIndexSchema = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  version: z.union([z.literal(1), z.literal(ARCHIVE_VERSION)]),
  contents: z
    .array(
      z.strictObject({
        kind: contentKindSchema,
        name: nameSchema,
        version: z.number().int().positive(),
        manifest: digestSchema,
        document: archivedDocumentSchema.optional(),
      }),
    )
    .min(1)
    .max(1000),
});

export type ArchiveIndex = z.infer<typeof archiveIndexSchema>;

/** Where a manifest is in the archive. */
export function manifestEntry(digest: Digest): string {
  return `manifests/${digest.slice('sha256:'.length)}.json`;
}

/** Where a blob is in the archive. */
export function blobEntry(digest: Digest): string {
  return `blobs/${digest.slice('sha256:'.length)}`;
}
