import { manifestSchema } from '@muster/contracts/agent/content.js';
import { digestSchema } from '@muster/contracts/digest.js';
import { application } from '@muster/contracts/kinds/application.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { type Kind, nameSchema, type ResourceInput } from '@muster/contracts/resource.js';
import { z } from 'zod';

/*
 * An archive of `muster export`: manifest.json, and for each object a folder with its document. The bytes of content lie beside the
 * archive, in `NAME_files/`, each file named by its SHA-256. docs/exchange.md says it for people.
 */

export const BUNDLE_FORMAT = 'muster-bundle';
/** Raised when a reader of the version before would read something wrong. 2: other kinds than packages and sequences. */
export const BUNDLE_VERSION = 2;
export const MANIFEST_ENTRY = 'manifest.json';

/** Kinds that travel, in the order in which they are imported. */
const BUNDLE_KINDS = {
  ...CONTENT_RESOURCES,
  Application: application as Kind,
  TaskSequence: taskSequence as Kind,
} as const satisfies Readonly<Record<string, Kind>>;
type BundleKind = keyof typeof BUNDLE_KINDS;
const KIND_NAMES = Object.keys(BUNDLE_KINDS) as BundleKind[];
const IN_FIRST_VERSION: readonly string[] = ['Package', 'TaskSequence'];

const objectSchema = z.strictObject({
  kind: z.enum(KIND_NAMES),
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
  version: z.number().int().min(1).max(BUNDLE_VERSION),
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

/** Where the list of the files of some content is in the archive. */
export function contentEntry({ kind, name }: Pick<BundleObject, 'kind' | 'name'>): string {
  return `${kindOfObject(kind).plural}/${name}/content.json`;
}

export function kindOfObject(kind: BundleObject['kind']): Kind {
  return BUNDLE_KINDS[kind];
}

/** Do objects of a kind travel? */
export function isBundleKind(kind: string): kind is BundleObject['kind'] {
  return Object.hasOwn(BUNDLE_KINDS, kind);
}

/** Of two objects the one that is imported first: sequences last, and what they are made of in the order of the kinds. */
export function compareKinds(one: Pick<BundleObject, 'kind'>, other: Pick<BundleObject, 'kind'>): number {
  return KIND_NAMES.indexOf(one.kind) - KIND_NAMES.indexOf(other.kind);
}

/** Is this the path of an object's document? */
export function isDocumentEntry(path: string): boolean {
  const [plural, , file, ...more] = path.split('/');
  const plurals = Object.values(BUNDLE_KINDS).map((kind) => kind.plural);
  return plurals.includes(plural ?? '') && file === 'document.json' && more.length === 0;
}

/** The lowest version whose readers understand these objects: an archive of what there always was can be read by all. */
export function versionFor(objects: readonly Pick<BundleObject, 'kind'>[]): number {
  return objects.every(({ kind }) => IN_FIRST_VERSION.includes(kind)) ? 1 : BUNDLE_VERSION;
}

/** `Kind/name`. */
export function objectKey({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}
