import type { Transaction } from '@muster/persistence/database.js';

/** An object as a site is to have it. */
export interface UsableObject {
  readonly key: string;
  /** What `understand` made of the document; null: there is none. */
  readonly content: unknown;
  /** Who wrote it, for the record of changes: `site:PR1`. */
  readonly actor: string;
}

/** A kind of object whose replicas a service puts to use in tables of its own. */
export interface ReplicatedKind {
  readonly kind: string;
  /** Of the documents that this release writes; a newer one adds fields only. */
  readonly schemaVersion: number;
  /** What this release makes of a document: fields that it does not know are left out. Throws when it is none. */
  understand(content: unknown): unknown;
  /**
   * Takes what all who change such objects take before their rows: called once in a transaction that puts any of them to use, before
   * anything of it is, as the order in which other sites wrote them is no order of locks.
   */
  first?(tx: Transaction): Promise<void>;
  /**
   * Makes this site's tables say what the document says, `null`: that there is none. Called again for the same document, it changes
   * nothing. Throws a MusterError when this site cannot have it so now; the object then waits, visibly, and is tried again.
   *
   * @param actor who wrote it, for the record of changes: `site:PR1`
   */
  use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void>;
  /**
   * The same for many objects, each once, in few statements. The tables afterwards are those that `use` would leave, called for one after
   * the other in this order; when it throws, all of it is rolled back and tried again in halves. Default: `use`, one by one.
   */
  useMany?(tx: Transaction, objects: readonly UsableObject[]): Promise<void>;
  /**
   * What two sites had under one name before their release shared the kind, in one document: each goes on with its own. Throws when the
   * other one is no document. Pure. Default: a site's own holds, and the other one is a conflict.
   */
  unite?(own: unknown, other: unknown): unknown;
  /** The document as people may see it: without what is secret, sealed or not. Default: as it is. */
  shown?(content: unknown): unknown;
  /** Names of objects that have no replica yet, at most `limit`: made before replication, or by an earlier release. */
  unrecorded?(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]>;
}
