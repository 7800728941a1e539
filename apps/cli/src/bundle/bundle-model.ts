import { manifestSchema } from '@muster/contracts/agent/content.js';
import { digestSchema } from '@muster/contracts/digest.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { type Kind, nameSchema, type ResourceInput } from '@muster/contracts/resource.js';
import { z } from 'zod';

/*
 * An archive of `muster export`: manifest.json, and for each object a folder with its document. The bytes of packages lie beside the
 * archive, in `NAME_files/`, each file named by its SHA-256. docs/exchange.md says it for people.
 */

export const BUNDLE_FORMAT = 'muster-bundle';
/** Raised when a reader of the version before would read something wrong. */
export const BUNDLE_VERSION = 1;
export const MANIFEST_ENTRY = 'manifest.json';

/** Kinds that travel, in the order in which they are imported. */
export const BUNDLE_KINDS = [packageKind, taskSequence] as readonly Kind[];

const objectSchema = z.strictObject({
  kind: z.enum(['Package', 'TaskSequence']),
  name: nameSchema,
  /** SHA-256 of the document's bytes. */
  digest: digestSchema,
  /** Why its newest revision was saved. */
  comment: z.string().max(1000).optional(),
  /** JSON pointers into the document: a secret was taken out there. */
  secrets: z.array(z.string().max(4096)).optional(),
  /** `Kind/name` of what it refers to. */
  requires: z.array(z.string()),
  /** Names the manifest of its files, which is an entry too. */
  content: digestSchema.optional(),
});

export const bundleManifestSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(BUNDLE_VERSION),
  site: z.string().max(100),
  comment: z.string().max(1000).optional(),
  objects: z.array(objectSchema).min(1).max(10_000),
  /** `Kind/name` of what objects refer to and what was not there, or not wanted. */
  missing: z.array(z.string()),
});

export type BundleObject = z.infer<typeof objectSchema>;
export type BundleManifest = z.infer<typeof bundleManifestSchema>;
export type ContentManifest = z.infer<typeof manifestSchema>;

/** An object with its document and, where content travels, its files. */
export interface BundledObject extends BundleObject {
  readonly document: ResourceInput;
  readonly files?: ContentManifest['files'];
}

export interface Bundle {
  readonly manifest: BundleManifest;
  readonly objects: readonly BundledObject[];
}

/** Where an object's document is in the archive. */
export function documentEntry({ kind, name }: Pick<BundleObject, 'kind' | 'name'>): string {
  return `${kindOfObject(kind).plural}/${name}/document.json`;
}

/** Where the list of a package's files is in the archive. */
export function contentEntry({ kind, name }: Pick<BundleObject, 'kind' | 'name'>): string {
  return `${kindOfObject(kind).plural}/${name}/content.json`;
}

export function kindOfObject(kind: BundleObject['kind']): Kind {
  return kind === 'Package' ? (packageKind as Kind) : (taskSequence as Kind);
}

/** `Kind/name`. */
export function objectKey({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}
