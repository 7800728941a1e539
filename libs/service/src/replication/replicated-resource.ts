import { digestOf } from '@muster/contracts/digest.js';
import type { Kind, Resource, ResourceInput } from '@muster/contracts/resource.js';
import { API_VERSION, metadataInputSchema } from '@muster/contracts/resource.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { ReplicatedKind, UsableObject } from '@muster/replication/replicated-kind.js';
import { z } from 'zod';

/** What replication needs of the store of a kind. */
export interface ReplicableStore<Spec, Status> {
  readonly kind: Kind<Spec, Status>;
  /** Makes this site's object what another site, or a person who settles a conflict, says. Records nothing. */
  applyReplicated(tx: Transaction, change: ReplicatedChange<Spec>): Promise<void>;
  /** The same of many, each object once, in this order. */
  lockBefore(tx: Transaction): Promise<void>;
  applyManyReplicated(tx: Transaction, changes: readonly ReplicatedChange<Spec>[]): Promise<void>;
  /** Sealed values that belong to the object and are no part of its document. */
  sealedValues(tx: Transaction, resource: Resource<Spec, Status>): Promise<SealedValues | undefined>;
  /** The specification in words that mean the same at every site. */
  saidForAll(spec: Spec): Spec;
  /** What all sites understand, as it is said at this one. */
  saidHere(spec: Spec): Spec;
  /** What two sites had under one name before their release shared the kind, as every site understands it. */
  unite(own: Spec, other: Spec): Spec;
  /** Who wrote the specification that the object has now, of kinds that remember it. */
  savedBy(tx: Transaction, resource: Resource<Spec, Status>): Promise<SavedBy | undefined>;
  /** Objects that have no replica yet. */
  withoutReplica(tx: Transaction, limit: number): Promise<Resource<Spec, Status>[]>;
}

/** Secrets of a document as they are kept, by their place in it. Every site of a hierarchy has the key that opens them. */
export type SealedValues = Readonly<Record<string, string>>;

/** What an object is to be at this site. */
export interface ReplicatedChange<Spec> {
  readonly name: string;
  /** null: it is deleted. */
  readonly input: ResourceInput<Spec> | null;
  readonly sealed?: SealedValues | undefined;
  /** Who wrote the specification, where that is known; `actor` is the site that sent it. */
  readonly savedBy?: SavedBy | undefined;
  readonly actor: string;
}

/** Who saved a specification. */
export interface SavedBy {
  readonly author: string;
  readonly comment?: string | undefined;
}

/** An object as it goes from site to site: what people wrote. Uids, versions and status stay each site's own. */
interface Document<Spec> {
  metadata: Pick<ResourceInput['metadata'], 'displayName' | 'folder' | 'labels'>;
  spec: Spec;
  sealed?: SealedValues | undefined;
  /** Of the specification with this digest: what an older release makes of the document keeps it, though the words are others. */
  savedBy?: (SavedBy & { digest: string }) | undefined;
}

const savedBySchema = z.object({ author: z.string(), comment: z.string().optional(), digest: z.string() });
const metadataSchema = metadataInputSchema.pick({ displayName: true, folder: true, labels: true });

/** Carries the objects of a store between sites, each by its name. */
export class ReplicatedResource<Spec, Status> implements ReplicatedKind {
  readonly kind: string;
  readonly schemaVersion = 1;
  private readonly document: z.ZodType<Document<Spec>>;

  constructor(private readonly store: ReplicableStore<Spec, Status>) {
    this.kind = store.kind.kind;
    this.document = z.strictObject({
      metadata: metadataSchema,
      spec: store.kind.spec,
      sealed: z.record(z.string(), z.string()).optional(),
      savedBy: savedBySchema.optional(),
    }) as unknown as z.ZodType<Document<Spec>>;
  }

  /** The object as other sites get it. */
  async contentOf(tx: Transaction, resource: Resource<Spec, Status>): Promise<unknown> {
    const { displayName, folder, labels } = resource.metadata;
    const sealed = await this.store.sealedValues(tx, resource);
    const saved = await this.store.savedBy(tx, resource);
    const metadata = {
      ...(displayName === undefined ? {} : { displayName }),
      ...(folder === undefined ? {} : { folder }),
      ...(labels === undefined ? {} : { labels }),
    };
    const spec = this.store.saidForAll(resource.spec);
    return {
      metadata,
      spec,
      ...(sealed === undefined ? {} : { sealed }),
      ...(saved === undefined ? {} : { savedBy: { ...saved, digest: digestOf(spec) } }),
    };
  }

  understand(content: unknown): unknown {
    return parseTolerant(this.document, content);
  }

  unite(own: unknown, other: unknown): unknown {
    const document = own as Document<Spec>;
    return { ...document, spec: this.store.unite(document.spec, (this.understand(other) as Document<Spec>).spec) };
  }

  async first(tx: Transaction): Promise<void> {
    await this.store.lockBefore(tx);
  }

  async use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void> {
    await this.store.applyReplicated(tx, this.change({ key, content, actor }));
  }

  async useMany(tx: Transaction, objects: readonly UsableObject[]): Promise<void> {
    await this.store.applyManyReplicated(
      tx,
      objects.map((object) => this.change(object)),
    );
  }

  private change({ key, content, actor }: UsableObject): ReplicatedChange<Spec> {
    if (content === null) return { name: key, input: null, actor };
    const { metadata, spec, sealed, savedBy: saved } = content as Document<Spec>;
    const savedBy = saved?.digest === digestOf(spec) ? { author: saved.author, comment: saved.comment } : undefined;
    const input = {
      apiVersion: API_VERSION,
      kind: this.kind,
      metadata: { name: key, ...metadata },
      spec: this.store.saidHere(spec),
    } as const;
    return { name: key, input, sealed, savedBy, actor };
  }

  async unrecorded(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]> {
    const found: { key: string; content: unknown }[] = [];
    for (const resource of await this.store.withoutReplica(tx, limit)) {
      found.push({ key: resource.metadata.name, content: await this.contentOf(tx, resource) });
    }
    return found;
  }

  /** What people may see of a document: not what is sealed. */
  shown(content: unknown): unknown {
    const { sealed: _sealed, ...rest } = content as Document<Spec>;
    return rest;
  }
}
