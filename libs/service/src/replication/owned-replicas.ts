import type { Transaction } from '@muster/persistence/database.js';
import type { ReplicatedKind, UsableObject } from '@muster/replication/replicated-kind.js';
import { Replicas } from './replicas.js';

/** How an object of a site is called in all the hierarchy: names are each site's own. */
export function ownedKey(name: string, site: string): string {
  return `${name}/${site}`;
}

/** @returns undefined: it is no such key */
export function ownerOf(key: string): { name: string; site: string } | undefined {
  const slash = key.lastIndexOf('/');
  return slash < 1 ? undefined : { name: key.slice(0, slash), site: key.slice(slash + 1) };
}

/**
 * For stores whose objects belong to the site that has them: the sites above know them too, and may write what people write.
 * Objects of other sites are kept as they came, and put to no use here.
 */
export class OwnedReplicas extends Replicas {
  constructor(
    private readonly all: Replicas,
    site: string,
  ) {
    super(all.log, site);
  }

  override add(kind: ReplicatedKind): void {
    this.all.add(new OwnedKind(kind, this.site));
  }

  override async record(tx: Transaction, kind: ReplicatedKind, name: string, content: unknown): Promise<void> {
    const belonging = { dataClass: 'site', owner: this.site } as const;
    await this.log?.record(tx, kind, ownedKey(name, this.site), content, belonging);
  }
}

/** A kind as its store has it, by names; in the hierarchy objects have the names of `ownedKey`. */
class OwnedKind implements ReplicatedKind {
  readonly kind: string;
  readonly schemaVersion: number;

  constructor(
    private readonly inner: ReplicatedKind,
    private readonly site: string,
  ) {
    this.kind = inner.kind;
    this.schemaVersion = inner.schemaVersion;
  }

  understand(content: unknown): unknown {
    return this.inner.understand(content);
  }

  async use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void> {
    const owned = ownerOf(key);
    if (owned?.site === this.site) await this.inner.use(tx, owned.name, content, actor);
  }

  async useMany(tx: Transaction, objects: readonly UsableObject[]): Promise<void> {
    const own = objects.flatMap((object) => {
      const owned = ownerOf(object.key);
      return owned?.site === this.site ? [{ ...object, key: owned.name }] : [];
    });
    if (own.length === 0) return;
    if (this.inner.useMany) return this.inner.useMany(tx, own);
    for (const { key, content, actor } of own) await this.inner.use(tx, key, content, actor);
  }

  shown(content: unknown): unknown {
    return this.inner.shown ? this.inner.shown(content) : content;
  }
}
