import { keepUnknown } from '@muster/hierarchy/keep-unknown.js';
import { writeReplica, writeUnaware, type Writing } from '@muster/hierarchy/replica.js';
import type { Belonging } from '@muster/hierarchy/data-classes.js';
import type { Transaction } from '@muster/persistence/database.js';
import { ProblemRepository } from './problem.repository.js';
import { ReplicaRepository, type ReplicaName, type StoredReplica } from './replica.repository.js';
import type { ReplicatedKind } from './replicated-kind.js';
import { WriteGuard } from './write-guard.js';

/** What a log must know of the kind of what is written. */
type WrittenKind = Pick<ReplicatedKind, 'kind' | 'schemaVersion' | 'understand' | 'unite'>;

/** Records what is written at this site, in the transaction that writes it. */
export class ReplicaLog {
  private readonly replicas = new ReplicaRepository();
  private readonly problems = new ProblemRepository();
  private readonly guard: WriteGuard;
  private wake: () => void = () => undefined;

  constructor(
    readonly site: string,
    private readonly now: () => number = Date.now,
    private readonly chance: () => number = Math.random,
  ) {
    this.guard = new WriteGuard(site);
  }

  /** Whoever tells the neighbours asks to be woken after a commit. */
  onCommitted(wake: () => void): void {
    this.wake = wake;
  }

  /** Something was written that is no record of this log: what a neighbour sent goes on to the others. */
  wakeAfter(tx: Transaction): void {
    tx.afterCommit(() => this.wake());
  }

  /**
   * An object is this now; null: it is deleted. Fields of a newer release stay as they are.
   *
   * @param kind what understands the document of before
   * @throws MusterError `hierarchy.written-above`
   */
  async record(
    tx: Transaction,
    kind: WrittenKind,
    key: string,
    content: unknown,
    belonging: Belonging = { dataClass: 'global' },
  ): Promise<void> {
    await this.recordMany(tx, kind, [{ key, content }], belonging);
  }

  /**
   * An object that was here before its kind was replicated. A neighbour may have told of one of that name meanwhile, which nobody here
   * has seen: this one supersedes it no more than any concurrent write does. Where both can be united, that is put to use with the next
   * try of what waits.
   */
  async recordOlder(tx: Transaction, kind: WrittenKind, key: string, content: unknown): Promise<void> {
    const name = { kind: kind.kind, key };
    if (!(await this.problems.isOfUnknownKind(tx, name))) return this.record(tx, kind, key, content);
    const before = await this.replicas.findManyForUpdate(tx, [name]);
    const current = before.get(`${kind.kind}/${key}`);
    const whole = united(kind, content, current?.replica.content ?? null);
    const replica = writeUnaware<unknown>(current?.replica, whole, this.writing());
    await this.replicas.save(
      tx,
      [{ ...name, dataClass: 'global', schemaVersion: kind.schemaVersion, replica }],
      before,
    );
    if (whole === content) await this.problems.solve(tx, [name]);
    else
      await this.problems.add(tx, name, 'hierarchy.united', 'two sites had one of this name: it has the words of both');
    this.wakeAfter(tx);
  }

  /** The same of many objects of one kind, each once, in as few statements as of one. */
  async recordMany(
    tx: Transaction,
    kind: WrittenKind,
    writes: readonly { readonly key: string; readonly content: unknown }[],
    belonging: Belonging = { dataClass: 'global' },
  ): Promise<void> {
    if (writes.length === 0) return;
    await this.guard.check(tx, belonging);
    const names = writes.map(({ key }): ReplicaName => ({ kind: kind.kind, key }));
    const before = await this.replicas.findManyForUpdate(tx, names);
    const { dataClass, owner } = belonging;
    const objects = writes.map(({ key, content }) => {
      const current = before.get(`${kind.kind}/${key}`);
      return { kind: kind.kind, key, dataClass, owner, ...this.written(kind, content, current) };
    });
    await this.replicas.save(tx, objects, before);
    await this.problems.solve(tx, names);
    this.wakeAfter(tx);
  }

  private written(kind: WrittenKind, content: unknown, current: StoredReplica | undefined) {
    const previous = current?.replica.content ?? null;
    const whole = content === null || previous === null ? content : this.withUnknown(kind, previous, content);
    const replica = writeReplica<unknown>(current?.replica, whole, this.writing());
    const schemaVersion = Math.max(kind.schemaVersion, content === null ? 0 : (current?.schemaVersion ?? 0));
    return { replica, schemaVersion };
  }

  private writing(): Writing {
    return { site: this.site, nowMilliseconds: this.now(), chance: this.chance() };
  }

  private withUnknown(kind: Pick<ReplicatedKind, 'understand'>, previous: unknown, next: unknown): unknown {
    try {
      return keepUnknown(previous, kind.understand(previous), next);
    } catch {
      // What was there is no document of this kind at all: nothing of it can be kept.
      return next;
    }
  }
}

/** What a site has with what another one said of it, where the kind can have both; else what the site has. */
function united(kind: WrittenKind, own: unknown, other: unknown): unknown {
  if (!kind.unite || own === null || other === null) return own;
  try {
    return kind.unite(own, other);
  } catch {
    // The other one is none that this release understands: it is a conflict.
    return own;
  }
}
