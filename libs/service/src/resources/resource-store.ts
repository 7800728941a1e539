import { sameJson } from '@muster/contracts/digest.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { judgeInput } from '@muster/contracts/judge.js';
import type { Kind, Resource, ResourceInput, ResourceList } from '@muster/contracts/resource.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { audit } from '@muster/persistence/audit.js';
import { violatedConstraint, type Database, type Transaction } from '@muster/persistence/database.js';
import { transactionOrDryRun } from '@muster/persistence/dry-run.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { auditedChange } from './audit-change.js';
import type { Replicas } from '../replication/replicas.js';
import {
  ReplicatedResource,
  type ReplicatedChange,
  type SavedBy,
  type SealedValues,
} from '../replication/replicated-resource.js';
import { recallAnswer, rememberAnswer } from './idempotency.repository.js';
import { listingJson } from './json-text.js';
import type { DerivedFrom, ResourceRules, WriteOptions } from './resource-rules.js';
import { ReplicatedWrites } from './replicated-writes.js';
import { type PageOptions, ResourceRepository } from './resource.repository.js';
import { sameMetadata } from './same-metadata.js';

/** What to list: a page of objects with these labels. */
export interface ListOptions {
  readonly limit: number;
  /** From `metadata.continue` of the page before. */
  readonly continue?: string | undefined;
  readonly labels: Record<string, string>;
  /** Only what is directly in it. */
  readonly folder?: string | undefined;
}

/** Of a folder that moves, so many objects are in memory at a time. */
const MOVED_AT_ONCE = 50;

/**
 * The life of one kind of resource: read, page, apply, delete; with optimistic locking, dry run and idempotent
 * creates; every change with its fact in one transaction.
 */
export class ResourceStore<Spec, Status> {
  readonly rows: ResourceRepository<Spec, Status>;
  private readonly events;
  private readonly replicatedWrites: ReplicatedWrites<Spec, Status>;
  private readonly replicated: ReplicatedResource<Spec, Status> | undefined;

  constructor(
    readonly kind: Kind<Spec, Status>,
    table: string,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly rules: ResourceRules<Spec, Status>,
    /** Of kinds that all sites of a hierarchy have. */
    private readonly replicas?: Replicas,
  ) {
    this.rows = new ResourceRepository(kind, table);
    this.events = resourceEvents(kind);
    this.replicatedWrites = new ReplicatedWrites(kind, this.rows, rules, this.events, outbox, {
      save: (tx, input, options) => this.save(tx, input, options),
      remove: (tx, current, options) => this.removeWithin(tx, current, options),
    });
    if (!replicas) return;
    this.replicated = new ReplicatedResource(this);
    replicas.add(this.replicated);
  }

  /** @throws MusterError `resource.not-found` */
  async get(name: string): Promise<Resource<Spec, Status>> {
    const found = await this.rows.find(this.database, name);
    if (!found) throw this.notFound(name);
    return (await this.derive([found]))[0]!;
  }

  /** @throws MusterError `request.bad-continue` */
  async list(options: ListOptions): Promise<ResourceList<Resource<Spec, Status>>> {
    return this.listing(options, (page) => this.rows.page(this.database, page));
  }

  /** The same listing as JSON, cheaper: nobody reads the specifications in between. Throws as `list` does. */
  async listJson(options: ListOptions): Promise<Buffer> {
    return listingJson(await this.listing(options, (page) => this.rows.pageOfTexts(this.database, page)));
  }

  private async listing<Item extends Resource<unknown, Status>>(
    { continue: token, limit, labels, folder }: ListOptions,
    read: (page: PageOptions) => Promise<Item[]>,
  ): Promise<ResourceList<Item>> {
    const after = token === undefined ? '' : decodeContinue(token);
    const found = await read({ after, limit: limit + 1, labels, folder });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      apiVersion: API_VERSION,
      kind: `${this.kind.kind}List`,
      metadata: found.length > limit && last ? { continue: Buffer.from(last.metadata.name).toString('base64url') } : {},
      items: await this.derive(items),
    };
  }

  /** Creates or replaces. Applying the same document again changes nothing and makes no fact. */
  async apply(
    sent: ResourceInput<Spec>,
    options: WriteOptions,
  ): Promise<{ resource: Resource<Spec, Status>; created: boolean }> {
    const input = await this.seal(sent);
    await this.rules.check?.(input);
    const { resource, created } = await this.writeOrDryRun(input, options);
    return { resource: options.dryRun ? resource : (await this.derive([resource]))[0]!, created };
  }

  /** The document without what must not be kept as it came: for callers of `saveWithin`, before their transaction. */
  async seal(input: ResourceInput<Spec>): Promise<ResourceInput<Spec>> {
    return (await this.rules.seal?.(input)) ?? input;
  }

  /** Validates what a client wrote. @throws MusterError `document.invalid` with every finding */
  async parse(document: unknown, what: string): Promise<ResourceInput<Spec>> {
    try {
      return parseInput(this.kind, document, what);
    } catch (error) {
      throw await this.withEveryFinding(error, document);
    }
  }

  /** The error of a document that its schema refuses, with what only the service knows to be wrong; any other as it is. */
  async withEveryFinding(error: unknown, document: unknown): Promise<unknown> {
    if (!this.rules.wrongBeside || !(error instanceof MusterError) || !error.findings) return error;
    if (error.code !== 'document.invalid' || typeof document !== 'object' || document === null) return error;
    // It may also be the query of the request that is wrong.
    if ('value' in judgeInput(this.kind, document)) return error;
    const beside = await this.rules.wrongBeside(document);
    if (beside.length === 0) return error;
    return new MusterError(error.category, error.code, error.message, { findings: [...error.findings, ...beside] });
  }

  private async writeOrDryRun(
    input: ResourceInput<Spec>,
    options: WriteOptions,
  ): Promise<{ resource: Resource<Spec, Status>; created: boolean }> {
    try {
      return await this.write(input, options);
    } catch (error) {
      if (error instanceof MusterError) throw await this.withBothSides(error, input, options);
      if (violatedConstraint(error) !== `${this.rows.table}_name_key`) throw error;
      // Somebody else created the name between our look and our write.
      if (options.createOnly) throw this.taken(input.metadata.name);
      return this.write(input, options);
    }
  }

  /** @throws MusterError `resource.not-found`, `resource.stale-version`, or what the kind refuses */
  async remove(name: string, options: WriteOptions): Promise<Resource<Spec, Status>> {
    if (this.rules.unused && !options.force) {
      const found = await this.rows.find(this.database, name);
      if (found) await this.rules.unused(found);
    }
    return transactionOrDryRun(this.database, options.dryRun === true, async (tx) => {
      await this.lockBefore(tx);
      const current = await this.rows.findForUpdate(tx, name);
      if (!current) throw this.notFound(name);
      this.checkVersion(current, options.ifMatch);
      await this.rules.writing?.(tx, current, options);
      await this.removeWithin(tx, current, options);
      return current;
    });
  }

  private async removeWithin(tx: Transaction, current: Resource<Spec, Status>, options: WriteOptions): Promise<void> {
    const { actor } = options;
    const { name, uid, resourceVersion: version } = current.metadata;
    await this.rules.deleting?.(tx, current, options);
    await this.rows.remove(tx, uid);
    const correlationId = currentTraceId();
    await audit(tx, { actor, action: 'deleted', kind: this.kind.kind, name, uid, version, correlationId });
    await this.outbox.add(tx, this.events.deleted, { resource: current, actor });
    if (this.replicated && !options.replicated) await this.replicas?.record(tx, this.replicated, name, null);
  }

  /** Takes what all who change such objects take before their rows, if there is such a thing. */
  async lockBefore(tx: Transaction): Promise<void> {
    await this.rules.lockBefore?.(tx);
  }

  /** Makes this site's object what another one says it is. @throws MusterError when this site cannot have it so now */
  async applyReplicated(tx: Transaction, change: ReplicatedChange<Spec>): Promise<void> {
    await this.replicatedWrites.apply(tx, change);
  }

  /** The same of many, each object once. */
  async applyManyReplicated(tx: Transaction, changes: readonly ReplicatedChange<Spec>[]): Promise<void> {
    await this.replicatedWrites.applyMany(tx, changes);
  }

  /** Sealed values that belong to the object and are no part of its document. */
  async sealedValues(tx: Transaction, resource: Resource<Spec, Status>): Promise<SealedValues | undefined> {
    return this.rules.sealedValues?.(tx, resource);
  }

  /** The specification in words that mean the same at every site. */
  saidForAll(spec: Spec): Spec {
    return this.rules.saidForAll?.(spec) ?? spec;
  }

  /** What all sites understand, as it is said at this one. */
  saidHere(spec: Spec): Spec {
    return this.rules.saidHere?.(spec) ?? spec;
  }

  /** What two sites had under one name before their release shared the kind. */
  unite(own: Spec, other: Spec): Spec {
    return this.rules.unite?.(own, other) ?? own;
  }

  /** Who wrote the specification that the object has now. */
  async savedBy(tx: Transaction, resource: Resource<Spec, Status>): Promise<SavedBy | undefined> {
    return this.rules.savedBy?.(tx, resource);
  }

  /** Objects that other sites have not been told of. */
  async withoutReplica(tx: Transaction, limit: number): Promise<Resource<Spec, Status>[]> {
    return this.rows.withoutReplica(tx, limit);
  }

  /** Records what the service itself observed, with the fact that says so. */
  async writeStatus(tx: Transaction, uid: string, status: Status): Promise<void> {
    const resource = await this.rows.updateStatus(tx, uid, status);
    if (resource) await this.outbox.add(tx, this.events.saved, { resource, actor: 'system' });
  }

  /** Creates or replaces inside a transaction that does more; `seal` and `check` are for the caller to have done before it. */
  async saveWithin(
    tx: Transaction,
    input: ResourceInput<Spec>,
    actor: string,
    comment?: string,
  ): Promise<{ resource: Resource<Spec, Status>; created: boolean }> {
    return this.save(tx, input, { actor, comment });
  }

  /**
   * Moves everything in a folder, at any depth, to another one, with the fact of each.
   *
   * @returns how many objects moved
   */
  async moveFolder(tx: Transaction, from: string, to: string, actor: string): Promise<number> {
    let count = 0;
    for (let after = ''; ;) {
      const moved = await this.rows.moveFolder(tx, from, to, after, MOVED_AT_ONCE);
      for (const resource of moved) await this.announce(tx, resource, resource, { actor });
      count += moved.length;
      after = moved.at(-1)?.metadata.name ?? '';
      if (moved.length < MOVED_AT_ONCE) return count;
    }
  }

  /** The objects of facts as those who watch are told them. */
  async told(resources: Resource<Spec, Status>[]): Promise<Resource<Spec, Status>[]> {
    return this.rules.leanFacts ? this.derive(resources) : resources;
  }

  async derive<Item extends DerivedFrom<Status>>(resources: Item[]): Promise<Item[]> {
    return this.rules.derive && resources.length > 0 ? this.rules.derive(resources) : resources;
  }

  private async write(
    input: ResourceInput<Spec>,
    options: WriteOptions,
  ): Promise<{ resource: Resource<Spec, Status>; created: boolean }> {
    return transactionOrDryRun(this.database, options.dryRun === true, async (tx) => {
      if (options.idempotency) {
        const before = await recallAnswer(tx, options.idempotency);
        if (before) return { resource: before as Resource<Spec, Status>, created: true };
      }
      const result = await this.save(tx, input, options);
      if (options.idempotency && !options.dryRun) await rememberAnswer(tx, options.idempotency, result.resource);
      return result;
    });
  }

  private async save(
    tx: Transaction,
    came: ResourceInput<Spec>,
    options: WriteOptions,
  ): Promise<{ resource: Resource<Spec, Status>; created: boolean }> {
    const { name } = came.metadata;
    const current = await this.rows.findForUpdate(tx, name);
    if (current && options.createOnly) throw this.taken(name);
    const expected = options.ifMatch ?? came.metadata.resourceVersion;
    if (!current && expected !== undefined) {
      throw new MusterError(
        'conflict',
        'resource.stale-version',
        `${this.kind.kind} "${name}" does not exist any more (you saw version ${expected}). Read it again, or apply without resourceVersion to create it`,
      );
    }
    if (!current) {
      const input = (options.replicated ? undefined : this.rules.merge?.(undefined, came)) ?? came;
      const status = await this.rules.status(tx, input, undefined, options);
      return {
        resource: await this.announce(tx, await this.rows.insert(tx, input, status), undefined, options),
        created: true,
      };
    }
    this.checkVersion(current, expected);
    if (came.metadata.uid !== undefined && came.metadata.uid !== current.metadata.uid) {
      throw new MusterError(
        'conflict',
        'resource.uid-mismatch',
        `${this.kind.kind} "${name}" was deleted and made anew: its uid is ${current.metadata.uid}. Read it again`,
        { current },
      );
    }
    const input = (options.replicated ? undefined : this.rules.merge?.(current, came)) ?? came;
    this.rules.change?.(current, input);
    const specChanged = !sameJson(current.spec, input.spec);
    if (!specChanged && sameMetadata(current, input)) return { resource: current, created: false };
    if (!options.replicated) await this.rules.writing?.(tx, current, options);
    const status = await this.rules.status(tx, input, current, options);
    const updated = await this.rows.update(tx, current, input, status, specChanged);
    return { resource: await this.announce(tx, updated, current, options), created: false };
  }

  private async announce(
    tx: Transaction,
    resource: Resource<Spec, Status>,
    previous: Resource<Spec, Status> | undefined,
    { actor, replicated, ...options }: Pick<WriteOptions, 'actor' | 'comment' | 'replicated' | 'savedBy'>,
  ): Promise<Resource<Spec, Status>> {
    const { author, comment } = options.savedBy ?? { author: actor, comment: options.comment };
    await this.rules.saved?.(tx, resource, previous, author, comment, replicated);
    await audit(tx, auditedChange(this.kind, resource, previous, { actor, comment, correlationId: currentTraceId() }));
    await this.outbox.add(tx, this.events.saved, { resource, actor });
    if (this.replicas && this.replicated && !replicated) {
      const content = await this.replicated.contentOf(tx, resource);
      await this.replicas.record(tx, this.replicated, resource.metadata.name, content);
    }
    return resource;
  }

  /** Refuses what was made of a version that is not the current one, with both sides where the kind can tell. */
  async checkCurrent(current: Resource<Spec, Status>, options: Pick<WriteOptions, 'ifMatch'>): Promise<void> {
    try {
      this.checkVersion(current, options.ifMatch);
    } catch (error) {
      throw await this.withBothSides(error, undefined, options);
    }
  }

  /** A version conflict with what the kind has to say of it; every other error as it is. */
  private async withBothSides(
    error: unknown,
    input: ResourceInput<Spec> | undefined,
    { ifMatch }: Pick<WriteOptions, 'ifMatch'>,
  ): Promise<unknown> {
    const expected = ifMatch ?? input?.metadata.resourceVersion;
    if (!(error instanceof MusterError) || error.code !== 'resource.stale-version') return error;
    if (!this.rules.conflict || error.current === undefined || expected === undefined) return error;
    const { category, code, message, current } = error;
    const conflict = await this.rules.conflict(current as Resource<Spec, Status>, input, expected);
    return new MusterError(category, code, message, { current, conflict });
  }

  private checkVersion(current: Resource<Spec, Status>, expected: string | undefined): void {
    if (expected === undefined || expected === current.metadata.resourceVersion) return;
    throw new MusterError(
      'conflict',
      'resource.stale-version',
      `${this.kind.kind} "${current.metadata.name}" has changed: you saw version ${expected}, it is ${current.metadata.resourceVersion} now. Read it again and repeat your change`,
      { current },
    );
  }

  private notFound(name: string): MusterError {
    return new MusterError('not-found', 'resource.not-found', `There is no ${this.kind.kind} "${name}"`);
  }

  private taken(name: string): MusterError {
    return new MusterError(
      'conflict',
      'resource.name-taken',
      `A ${this.kind.kind} "${name}" exists already. Choose another name, or PUT to replace it`,
    );
  }
}

function decodeContinue(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (Buffer.from(name).toString('base64url') !== token || name === '') {
    throw new MusterError(
      'invalid',
      'request.bad-continue',
      'The continue token is not one that this service gave. Start the listing again without it',
    );
  }
  return name;
}
