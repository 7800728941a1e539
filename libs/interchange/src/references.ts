import type { ContentReference } from '@muster/sequence/steps/definition.js';

export type ReferenceKind = ContentReference['kind'] | 'TaskSequence';

/** Something that a sequence needs by an id of the site it came from. */
export interface ImportedReference {
  readonly kind: ReferenceKind;
  /** Id in the other site: `ABC00012`, `ScopeId_…/Application_…`, `{GUID}`. */
  readonly id: string;
  /** What it was called there, where the export says so. */
  readonly displayName?: string | undefined;
  /** The name that stands in the document now. */
  readonly name: string;
  /** True when the user said what it is here, or it is a sequence of the same import. */
  readonly bound: boolean;
  /** Nodes that need it. */
  readonly usedBy: readonly ReferencePlace[];
}

/** A node, for people and for programs. */
export interface ReferencePlace {
  readonly path: string;
  readonly pointer: string;
}

/** What is known about ids before a sequence is read: names from the export, wishes of the user, sequences of the same import. */
export interface ReferenceKnowledge {
  /** Display names by id in lower case. */
  readonly names: ReadonlyMap<string, string>;
  /** Targets by id, or by placeholder, in lower case. */
  readonly bind: ReadonlyMap<string, string>;
  /** Names of imported sequences by package id in lower case. */
  readonly sequences: ReadonlyMap<string, string>;
}

const words: Readonly<Record<ReferenceKind, string>> = {
  Package: 'package',
  Application: 'application',
  OsImage: 'os-image',
  UpgradePackage: 'upgrade-package',
  BootImage: 'boot-image',
  DriverPackage: 'driver-package',
  TaskSequence: 'sequence',
};

/** Gives ids of another site names of this one. */
export class References {
  private readonly byKey = new Map<string, ImportedReference & { usedBy: ReferencePlace[] }>();
  private readonly taken = new Set<string>();
  /** Ids by name, of each node. */
  private readonly byNode = new Map<string, Record<string, string>>();
  /** Keys of `bind` that were of use. */
  readonly usedBindings = new Set<string>();

  constructor(private readonly knowledge: ReferenceKnowledge) {}

  /**
   * The name for an id: what the user bound it to, else a placeholder made of kind and id, so that it never hits something
   * else of the site by chance. A variable stays as it is.
   */
  nameOf(kind: ReferenceKind, id: string, usedBy: ReferencePlace, displayName?: string): string {
    if (id.includes('%')) return id;
    const name = this.known(kind, id, usedBy, displayName);
    const ids = this.byNode.get(usedBy.pointer) ?? {};
    this.byNode.set(usedBy.pointer, ids);
    Object.defineProperty(ids, name, { value: id, enumerable: true, configurable: true, writable: true });
    return name;
  }

  /** The ids that a node was given names for, by those names. */
  idsOf(pointer: string): Readonly<Record<string, string>> {
    return this.byNode.get(pointer) ?? {};
  }

  private known(kind: ReferenceKind, id: string, usedBy: ReferencePlace, displayName?: string): string {
    const key = `${kind} ${id.toLowerCase()}`;
    const known = this.byKey.get(key);
    if (known) {
      if (!known.usedBy.some(({ pointer }) => pointer === usedBy.pointer)) known.usedBy.push(usedBy);
      return known.name;
    }
    const placeholder = this.unique(placeholderOf(kind, id));
    const own = kind === 'TaskSequence' ? this.knowledge.sequences.get(id.toLowerCase()) : undefined;
    const wish = [id, bare(id), placeholder]
      .map((word) => word.toLowerCase())
      .find((word) => this.knowledge.bind.has(word));
    if (wish !== undefined) this.usedBindings.add(wish);
    const bound = (wish === undefined ? undefined : this.knowledge.bind.get(wish)) ?? own;
    const shown = displayName || this.knowledge.names.get(id.toLowerCase());
    const name = bound ?? placeholder;
    this.byKey.set(key, { kind, id, displayName: shown, name, bound: bound !== undefined, usedBy: [usedBy] });
    return name;
  }

  /** Takes back what a node asked for: it does not become a step that refers to anything. */
  forget(pointer: string): void {
    this.byNode.delete(pointer);
    for (const [key, one] of this.byKey) {
      if (!one.usedBy.some((place) => place.pointer === pointer)) continue;
      const others = one.usedBy.filter((place) => place.pointer !== pointer);
      if (others.length === 0) this.byKey.delete(key);
      else this.byKey.set(key, { ...one, usedBy: others });
    }
  }

  /** The ids that have a name, of whatever kind, in lower case. */
  ids(): Set<string> {
    return new Set([...this.byKey.values()].map((one) => one.id.toLowerCase()));
  }

  all(): ImportedReference[] {
    return [...this.byKey.values()];
  }

  private unique(name: string): string {
    let candidate = name;
    for (let count = 2; this.taken.has(candidate); count++) candidate = `${name.slice(0, 58)}-${count}`;
    this.taken.add(candidate);
    return candidate;
  }
}

/** An application id without its scope, a GUID without its braces. */
function bare(id: string): string {
  return id
    .replace(/^ScopeId_[^/]*\//i, '')
    .replace(/^(Application|GlobalConditions)_/i, '')
    .replace(/[{}]/g, '');
}

function placeholderOf(kind: ReferenceKind, id: string): string {
  const guid = /^([0-9a-f]{8})-[0-9a-f]{4}-/i.exec(bare(id))?.[1];
  return dnsLabel(`${words[kind]}-${guid ?? bare(id)}`);
}

/** A name that resources may have, made of any text: 1 to 63 lower-case letters, digits and `-`. */
export function dnsLabel(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? 'sequence' : plain;
}
