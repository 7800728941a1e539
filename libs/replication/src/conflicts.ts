import type { LostWrite } from '@muster/hierarchy/replica.js';
import { isAtOrBelow } from '@muster/hierarchy/sites.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { HierarchyRepository } from './hierarchy.repository.js';
import { CONFLICT } from './intake.js';
import type { ReplicaLog } from './replica-log.js';
import { ReplicaRepository, type StoredReplica } from './replica.repository.js';
import type { ReplicatedKind } from './replicated-kind.js';

/** A write that lost against another one, as people see it. */
export interface Conflict {
  /** kind/key/site-stamp. */
  readonly name: string;
  readonly kind: string;
  readonly key: string;
  readonly site: string;
  /** ISO 8601, by the clock of its writer. */
  readonly writtenAt: string;
  /** null: it deleted the object. */
  readonly content: unknown;
  /** What the object is at this site; null: there is none. */
  readonly current: unknown;
}

/** How records of conflicts are written: they have no words of their own that a newer release could add to. */
const RECORD = { kind: CONFLICT, schemaVersion: 1, understand: (content: unknown) => content };

/** Writes that lost: to look at, to write anew, to let be. */
export class Conflicts {
  private readonly replicas = new ReplicaRepository();
  private readonly kinds: ReadonlyMap<string, ReplicatedKind>;

  constructor(
    private readonly database: Database,
    private readonly log: ReplicaLog,
    kinds: readonly ReplicatedKind[],
  ) {
    this.kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
  }

  /** The latest first; or the one of that name. */
  async list(limit: number, name?: string): Promise<Conflict[]> {
    const records = await this.replicas.latest(this.database, CONFLICT, limit, name);
    const places = records.map(({ key }) => placeOf(key));
    const objects = await this.replicas.findMany(this.database, places);
    return records.map((record, index): Conflict => {
      const { kind, key } = places[index]!;
      const { version, content } = record.replica.content as LostWrite;
      const current = objects.get(`${kind}/${key}`)?.replica.content ?? null;
      return {
        name: record.key,
        kind,
        key,
        site: version.site,
        writtenAt: new Date(version.stamp / 1_000).toISOString(),
        content: this.shown(kind, content),
        current: this.shown(kind, current),
      };
    });
  }

  /**
   * Takes a conflict off the list of every site: what lost is written anew at this one, or let be.
   *
   * @returns false: there is no such conflict, or somebody has settled it
   * @throws MusterError what this site refuses of the write
   */
  async settle(name: string, how: 'restore' | 'dismiss', actor: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const record = await this.replicas.findForUpdate(tx, { kind: CONFLICT, key: name });
      if (!record || record.replica.content === null) return false;
      if (how === 'restore') await this.restore(tx, record, actor);
      await this.log.record(tx, RECORD, name, null);
      return true;
    });
  }

  private async restore(tx: Transaction, record: StoredReplica, actor: string): Promise<void> {
    const place = placeOf(record.key);
    const kind = this.kinds.get(place.kind);
    const { content } = record.replica.content as LostWrite;
    const words = kind && content !== null ? understood(kind, content) : content;
    if (!kind || words === undefined) {
      throw new MusterError(
        'conflict',
        'hierarchy.cannot-use',
        `The conflict "${record.key}" holds what this release does not understand. Restore it at a site with a newer one, or update this site`,
      );
    }
    const current = await this.replicas.find(tx, place);
    if (current?.owner !== undefined) await this.requireBelow(tx, current.owner);
    await kind.use(tx, place.key, words, actor);
    await this.log.record(tx, kind, place.key, content, current);
  }

  /** What belongs to a site is written at that site, or above it. */
  private async requireBelow(tx: Transaction, owner: string): Promise<void> {
    const { places } = await new HierarchyRepository().read(tx, this.log.site);
    if (isAtOrBelow(owner, this.log.site, places)) return;
    throw new MusterError(
      'conflict',
      'hierarchy.not-below',
      `This belongs to site ${owner}: restore it there, or at a site above it`,
    );
  }

  private shown(kind: string, content: unknown): unknown {
    if (content === null) return null;
    const known = this.kinds.get(kind);
    return known?.shown ? known.shown(content) : content;
  }
}

/** What this release makes of a document; undefined: nothing. */
function understood(kind: ReplicatedKind, content: unknown): unknown {
  try {
    return kind.understand(content);
  } catch {
    return undefined;
  }
}

/** The object that a record of a conflict is about. */
function placeOf(name: string): { kind: string; key: string } {
  const parts = name.split('/');
  return { kind: parts[0] ?? '', key: parts.slice(1, -1).join('/') };
}
