import { z } from 'zod';
import type { ProblemFinding } from './problem.js';

export const API_VERSION = 'muster/v1';

/** Names are DNS labels: they appear in URLs, file names and subjects. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'a name has 1 to 63 lower-case letters, digits and "-", and starts and ends with a letter or digit',
  );

export const uidSchema = z.uuid();
export const instantSchema = z.iso.datetime({ offset: true });

const labelsSchema = z
  .record(z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels');

export const folderSchema = z
  .string()
  .regex(/^\/([^/\0]+(\/[^/\0]+)*)?$/, 'a folder is "/" or "/name/name"')
  .max(512);

/** What users write about an object. Server-owned fields are accepted, so that `get -o yaml` can be edited and applied. */
export const metadataInputSchema = z.strictObject({
  name: nameSchema,
  displayName: z.string().max(256).optional(),
  folder: folderSchema.optional(),
  labels: labelsSchema.optional(),
  uid: uidSchema.optional(),
  /** When given it must be the current one, else 409: the same precondition as `If-Match`. */
  resourceVersion: z.string().optional(),
  generation: z.number().int().optional(),
  createdAt: instantSchema.optional(),
  updatedAt: instantSchema.optional(),
});

/** What the server says about an object. */
export const metadataSchema = z
  .strictObject({
    name: nameSchema,
    displayName: z.string().optional(),
    folder: folderSchema.optional(),
    labels: labelsSchema.optional(),
    uid: uidSchema,
    resourceVersion: z.string().describe('Changes with every write; the ETag of the object'),
    generation: z.number().int().describe('Changes when the specification changes'),
    createdAt: instantSchema,
    updatedAt: instantSchema,
  })
  .meta({ id: 'Metadata' });

export type MetadataInput = z.infer<typeof metadataInputSchema>;
export type Metadata = z.infer<typeof metadataSchema>;

export type ServiceName = 'catalog' | 'deployment' | 'content' | 'policy';

/** One kind of resource: its name, its address and its schemas. The single source of validation, types, OpenAPI and CLI. */
export interface Kind<Spec = unknown, Status = unknown> {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly service: ServiceName;
  /** What clients may do besides reading; server-made kinds such as Run are read-only. */
  readonly verbs: readonly ('apply' | 'delete')[];
  /** Every save makes a revision that stays; a save may carry a comment for it. */
  readonly keepsRevisions?: boolean;
  /** Deleting one that something still uses is refused, unless the request says `force`. */
  readonly guardsUses?: boolean;
  readonly spec: z.ZodType<Spec>;
  /** Judges a specification with all findings at once, at least those of the schema, where that alone would say too little. */
  readonly judgeSpec?: (spec: unknown) => readonly ProblemFinding[];
  /** The specification without what must not be kept or shown, of kinds whose documents may hold secrets. */
  withoutSecrets?(spec: Spec): Spec;
  readonly status: z.ZodType<Status>;
  readonly input: z.ZodType<ResourceInput<Spec>>;
  /** The input with any specification: for kinds that judge theirs themselves. */
  readonly envelope: z.ZodType<ResourceInput>;
  readonly resource: z.ZodType<Resource<Spec, Status>>;
  readonly list: z.ZodType<ResourceList<Resource<Spec, Status>>>;
}

export interface ResourceInput<Spec = unknown> {
  apiVersion: typeof API_VERSION;
  kind: string;
  metadata: MetadataInput;
  spec: Spec;
  status?: unknown;
}

export interface Resource<Spec = unknown, Status = unknown> {
  apiVersion: typeof API_VERSION;
  kind: string;
  metadata: Metadata;
  spec: Spec;
  status: Status;
}

export interface ResourceList<Item> {
  apiVersion: typeof API_VERSION;
  kind: string;
  metadata: { continue?: string | undefined };
  items: Item[];
}

/** Builds a kind from its two schemas. `plural` is the path segment under /api/v1. */
export function defineKind<Spec, Status>(definition: {
  kind: string;
  plural: string;
  singular: string;
  shortNames?: string[];
  service: ServiceName;
  verbs?: ('apply' | 'delete')[];
  keepsRevisions?: boolean;
  guardsUses?: boolean;
  spec: z.ZodType<Spec>;
  judgeSpec?: (spec: unknown) => readonly ProblemFinding[];
  withoutSecrets?(spec: Spec): Spec;
  status: z.ZodType<Status>;
}): Kind<Spec, Status> {
  const { kind, spec, status } = definition;
  const resource = z
    .strictObject({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal(kind),
      metadata: metadataSchema,
      spec,
      status,
    })
    .meta({ id: kind });
  const envelope = z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(kind),
    metadata: metadataInputSchema,
    spec: z.unknown(),
    status: z.unknown().optional().describe('Ignored: the server owns it'),
  });
  return {
    shortNames: [],
    verbs: ['apply', 'delete'],
    ...definition,
    envelope,
    input: envelope.extend({ spec }).meta({ id: `${kind}Input` }) as unknown as z.ZodType<ResourceInput<Spec>>,
    resource: resource as unknown as z.ZodType<Resource<Spec, Status>>,
    list: z
      .strictObject({
        apiVersion: z.literal(API_VERSION),
        kind: z.literal(`${kind}List`),
        metadata: z.strictObject({
          continue: z.string().optional().describe('Ask for the next page with ?continue='),
        }),
        items: z.array(resource),
      })
      .meta({ id: `${kind}List` }) as unknown as z.ZodType<ResourceList<Resource<Spec, Status>>>,
  };
}
