import { REPLICATED_KINDS } from '@muster/hierarchy/data-classes.js';
import { isTransient, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { ProblemRepository, UNKNOWN_KIND } from './problem.repository.js';
import type { ReplicaName, StoredReplica } from './replica.repository.js';
import type { ReplicatedKind, UsableObject } from './replicated-kind.js';

/** An object of which this release understands the words. */
interface Understood extends UsableObject {
  readonly object: StoredReplica;
}

interface Failed {
  readonly object: StoredReplica;
  readonly error: unknown;
}

/** Lets the tables of a service say what the replicas say, many objects at once. */
export class PuttingToUse {
  private readonly problems = new ProblemRepository();
  private readonly kinds: ReadonlyMap<string, ReplicatedKind>;

  constructor(
    kinds: readonly ReplicatedKind[],
    private readonly waiting: (name: ReplicaName, error: unknown) => void,
  ) {
    this.kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
  }

  /** Kinds that this service puts to use. */
  get kindNames(): string[] {
    return [...this.kinds.keys()];
  }

  /**
   * What cannot be used waits with its reason, and holds nothing up.
   *
   * @param objects each once, in the order of the feed
   * @returns those that are in use
   */
  async use(tx: Transaction, objects: readonly StoredReplica[]): Promise<ReplicaName[]> {
    await this.keepForNewerRelease(tx, objects);
    const usable = objects.filter(({ kind }) => this.kinds.has(kind));
    if (usable.length === 0) return [];
    for (const name of new Set(usable.map(({ kind }) => kind))) await this.kinds.get(name)?.first?.(tx);
    const failed = new Map<StoredReplica, unknown>();
    for (const run of runsOfOneKind(usable)) {
      const kind = this.kinds.get(run[0]!.kind)!;
      for (const { object, error } of await this.useRun(tx, kind, run)) failed.set(object, error);
    }
    const used = usable.filter((object) => !failed.has(object));
    if (used.length > 0) await this.problems.solve(tx, used);
    for (const object of usable) {
      if (!failed.has(object)) continue;
      const error = failed.get(object);
      const code = error instanceof MusterError ? error.code : 'hierarchy.cannot-use';
      await this.problems.add(tx, object, code, error instanceof Error ? error.message : String(error));
      tx.afterCommit(() => this.waiting(object, error));
    }
    return used;
  }

  /** What a newer release made waits until this site has that release too: nobody else would put it to use then. */
  private async keepForNewerRelease(tx: Transaction, objects: readonly StoredReplica[]): Promise<void> {
    const unknown = objects.filter(({ kind }) => !this.kinds.has(kind) && !Object.hasOwn(REPLICATED_KINDS, kind));
    if (unknown.length === 0) return;
    const message =
      'a newer release made it, and this one does not know its kind: it is used when this site is updated';
    await this.problems.addMany(tx, unknown, UNKNOWN_KIND, message);
  }

  private async useRun(tx: Transaction, kind: ReplicatedKind, run: readonly StoredReplica[]): Promise<Failed[]> {
    const failed: Failed[] = [];
    const understood: Understood[] = [];
    for (const object of run) {
      const { key, replica } = object;
      try {
        const content = replica.content === null ? null : kind.understand(replica.content);
        understood.push({ object, key, content, actor: `site:${replica.version.site}` });
      } catch (error) {
        failed.push({ object, error });
      }
    }
    return understood.length === 0 ? failed : [...failed, ...(await this.useTogether(tx, kind, understood))];
  }

  /**
   * Hardly ever is one refused: all together first. Where that fails, each half together, the first one first, until those are
   * alone that are the reason.
   */
  private async useTogether(tx: Transaction, kind: ReplicatedKind, objects: readonly Understood[]): Promise<Failed[]> {
    await tx.query('savepoint replicas');
    try {
      if (kind.useMany) await kind.useMany(tx, objects);
      else for (const { key, content, actor } of objects) await kind.use(tx, key, content, actor);
      await tx.query('release savepoint replicas');
      return [];
    } catch (error) {
      if (isTransient(error)) throw error;
      await tx.query('rollback to savepoint replicas');
      await tx.query('release savepoint replicas');
      if (objects.length === 1) return [{ object: objects[0]!.object, error }];
    }
    const half = Math.ceil(objects.length / 2);
    const first = await this.useTogether(tx, kind, objects.slice(0, half));
    return [...first, ...(await this.useTogether(tx, kind, objects.slice(half)))];
  }
}

/** Neighbours of one kind go together; the order of kinds stays, as what comes later may name what came before. */
function runsOfOneKind(objects: readonly StoredReplica[]): StoredReplica[][] {
  const runs: StoredReplica[][] = [];
  for (const object of objects) {
    const last = runs.at(-1);
    if (last?.[0]?.kind === object.kind) last.push(object);
    else runs.push([object]);
  }
  return runs;
}
