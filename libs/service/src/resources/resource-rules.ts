import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { SavedBy, SealedValues } from '../replication/replicated-resource.js';
import type { IdempotentRequest } from './idempotency.repository.js';

/** What one kind adds to the common life of a resource. Each is optional but `status`. */
export interface ResourceRules<Spec, Status> {
  /**
   * Takes out of the document what must not be kept as it came, before anything else sees it. Whoever does so remembers by
   * the specification that it answers what it took out.
   */
  seal?(input: ResourceInput<Spec>): Promise<ResourceInput<Spec>>;
  /** What is to be saved, of what came and what is there, before both are compared. No I/O. */
  merge?(current: Resource<Spec, Status> | undefined, input: ResourceInput<Spec>): ResourceInput<Spec>;
  /** Looks at the document before the transaction: checks that ask other services belong here. Throws to refuse. */
  check?(input: ResourceInput<Spec>): Promise<void>;
  /** What else is wrong with a document that its schema refuses, where only the service can know: all is to be said at once. */
  wrongBeside?(document: { metadata?: { name?: unknown }; spec?: unknown }): Promise<readonly ProblemFinding[]>;
  /** Refuses changes that the kind forbids. Pure. */
  change?(current: Resource<Spec, Status>, input: ResourceInput<Spec>): void;
  /** The status to store with this specification. Refuses what cannot be kept so. */
  status(
    tx: Transaction,
    input: ResourceInput<Spec>,
    current: Resource<Spec, Status> | undefined,
    options: Pick<WriteOptions, 'replicated'>,
  ): Promise<Status>;
  /** Refuses a change or a delete of what is there because of who writes, in the transaction that holds it. */
  writing?(tx: Transaction, current: Resource<Spec, Status>, options: WriteOptions): Promise<void>;
  /**
   * Writes what belongs to the change, in its transaction.
   *
   * @param replicated another site wrote it: nobody need be told
   */
  saved?(
    tx: Transaction,
    resource: Resource<Spec, Status>,
    previous: Resource<Spec, Status> | undefined,
    actor: string,
    comment?: string,
    replicated?: boolean,
  ): Promise<void>;
  /**
   * The same of many objects that another site sent, in few statements: what `saved` would do for one after the other. Says also that
   * `status` of one does not depend on whether the others are written yet.
   */
  savedMany?(tx: Transaction, changes: readonly SavedChange<Spec, Status>[]): Promise<void>;
  /**
   * What a refused writer should know besides the object as it is: goes into `conflict` of the problem.
   *
   * @param input what was sent, where there is such a thing
   * @param expected the resourceVersion that its sender saw
   */
  conflict?(
    current: Resource<Spec, Status>,
    input: ResourceInput<Spec> | undefined,
    expected: string,
  ): Promise<unknown>;
  /**
   * Refuses to delete what is still used, naming its users. Before the transaction: questions to other services belong here. Not
   * asked when the writer forces the deletion. Of kinds that `guardsUses`.
   */
  unused?(resource: Resource<Spec, Status>): Promise<void>;
  /** Takes what all who change such objects take before their rows: in a transaction that deletes one, or has many of another site. */
  lockBefore?(tx: Transaction): Promise<void>;
  /** Refuses or cascades, in the transaction that deletes. */
  deleting?(tx: Transaction, resource: Resource<Spec, Status>, options: WriteOptions): Promise<void>;
  /** Who wrote the specification that the object has now, and why: of kinds that keep revisions. Other sites get it with the object. */
  savedBy?(tx: Transaction, resource: Resource<Spec, Status>): Promise<SavedBy | undefined>;
  /** The specification in words that mean the same at every site, of kinds that name things of one site. Pure. */
  saidForAll?(spec: Spec): Spec;
  /** The reverse: what all sites understand, as it is said at this one. Pure. */
  saidHere?(spec: Spec): Spec;
  /** What two sites had under one name before their release shared the kind, in words that mean the same at every site. Pure. */
  unite?(own: Spec, other: Spec): Spec;
  /** Sealed values of the object that are no part of its document: other sites get them with it. */
  sealedValues?(tx: Transaction, resource: Resource<Spec, Status>): Promise<SealedValues | undefined>;
  /** Remembers by the specification the sealed values that another site sent with it, as `seal` does with those it takes out. */
  giveSealed?(spec: Spec, sealed: SealedValues): void;
  /** Fills in what of the status is derived at the moment of reading, for a whole page at once. */
  derive?<Item extends DerivedFrom<Status>>(resources: Item[]): Promise<Item[]>;
  /** Facts of this kind leave out what is derived, because it may be long: it is filled in for those who watch. */
  readonly leanFacts?: boolean;
}

/** An object that was written, in the transaction that writes it. */
export interface SavedChange<Spec, Status> {
  readonly resource: Resource<Spec, Status>;
  readonly previous: Resource<Spec, Status> | undefined;
  readonly actor: string;
}

/** What derived status is made of. Specifications are no part of it: in listings they are text that nobody has read. */
export type DerivedFrom<Status> = Pick<Resource<unknown, Status>, 'metadata' | 'status'>;

export interface WriteOptions {
  actor: string;
  /** Everything is checked and decided, and nothing kept. */
  dryRun?: boolean;
  /** Refuse when the name exists. */
  createOnly?: boolean;
  /** The resourceVersion that the caller saw. */
  ifMatch?: string | undefined;
  idempotency?: IdempotentRequest | undefined;
  /** Why: kept by kinds that keep revisions. */
  comment?: string | undefined;
  /** Who wrote it first, and why, where it is written again for somebody else: kept by kinds that keep revisions. */
  savedBy?: SavedBy | undefined;
  /** Write although somebody else holds the edit lock, of kinds that have one. */
  ignoreLock?: boolean;
  /** Delete although something still uses it, of kinds that `guardsUses`. */
  force?: boolean;
  /** Another site wrote it: what only its writer is asked was asked there, and no other site need be told by this one. */
  replicated?: boolean;
}
