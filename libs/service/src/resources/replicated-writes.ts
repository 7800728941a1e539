import { sameJson } from '@muster/contracts/digest.js';
import type { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { Kind, Resource, ResourceInput } from '@muster/contracts/resource.js';
import { auditMany } from '@muster/persistence/audit.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { ReplicatedChange } from '../replication/replicated-resource.js';
import { auditedChange } from './audit-change.js';
import type { ResourceRepository } from './resource.repository.js';
import type { ResourceRules, SavedChange, WriteOptions } from './resource-rules.js';
import { sameMetadata } from './same-metadata.js';

/** How the store writes one object. */
export interface OneWrite<Spec, Status> {
  save(tx: Transaction, input: ResourceInput<Spec>, options: WriteOptions): Promise<unknown>;
  remove(tx: Transaction, current: Resource<Spec, Status>, options: WriteOptions): Promise<void>;
}

/** A write that can go together with others: the object stays itself, or is new. */
interface Planned<Spec, Status> {
  readonly input: ResourceInput<Spec>;
  readonly previous: Resource<Spec, Status> | undefined;
  readonly actor: string;
}

/**
 * Makes this site's objects what another site, or a person who settles a conflict, says they are: by the same rules as for a person's
 * write, but for what only a writer is asked. Doing it again changes nothing. No other site need be told by this one.
 */
export class ReplicatedWrites<Spec, Status> {
  constructor(
    private readonly kind: Kind<Spec, Status>,
    private readonly rows: ResourceRepository<Spec, Status>,
    private readonly rules: ResourceRules<Spec, Status>,
    private readonly events: ReturnType<typeof resourceEvents<Spec, Status>>,
    private readonly outbox: Outbox,
    private readonly one: OneWrite<Spec, Status>,
  ) {}

  /** @throws MusterError when this site cannot have it so now */
  async apply(tx: Transaction, { name, input, sealed, savedBy, actor }: ReplicatedChange<Spec>): Promise<void> {
    const options: WriteOptions = { actor, savedBy, replicated: true, force: true };
    if (!input) await this.rules.lockBefore?.(tx);
    const current = await this.rows.findForUpdate(tx, name);
    if (current && (!input || this.isAnother(current, input))) {
      // What came from another site took it before all rows; who settles a conflict takes it here, which is rare, behind the row.
      if (input) await this.rules.lockBefore?.(tx);
      await this.one.remove(tx, current, options);
    }
    if (!input) return;
    if (sealed) this.rules.giveSealed?.(input.spec, sealed);
    await this.one.save(tx, input, options);
  }

  /** The same of many, each object once, as if one after the other in this order; in few statements where the kind has `savedMany`. */
  async applyMany(tx: Transaction, changes: readonly ReplicatedChange<Spec>[]): Promise<void> {
    if (!this.rules.savedMany) {
      for (const change of changes) await this.apply(tx, change);
      return;
    }
    const found = await this.rows.findManyForUpdate(
      tx,
      changes.map(({ name }) => name),
    );
    const current = new Map(found.map((resource) => [resource.metadata.name, resource]));
    let together: Planned<Spec, Status>[] = [];
    for (const change of changes) {
      const { name, input, sealed, actor } = change;
      const previous = current.get(name);
      if (input && !(previous && this.isAnother(previous, input))) {
        if (previous && sameJson(previous.spec, input.spec) && sameMetadata(previous, input)) continue;
        if (sealed) this.rules.giveSealed?.(input.spec, sealed);
        together.push({ input, previous, actor });
        continue;
      }
      await this.writeTogether(tx, together);
      together = [];
      await this.apply(tx, change);
    }
    await this.writeTogether(tx, together);
  }

  private async writeTogether(tx: Transaction, planned: readonly Planned<Spec, Status>[]): Promise<void> {
    if (planned.length === 0) return;
    const creations: { input: ResourceInput<Spec>; status: Status }[] = [];
    const updates: { current: Resource<Spec, Status>; input: ResourceInput<Spec>; status: Status }[] = [];
    for (const { input, previous: current } of planned) {
      const status = await this.rules.status(tx, input, current, { replicated: true });
      if (current) updates.push({ current, input, status });
      else creations.push({ input, status });
    }
    const written = [...(await this.rows.insertMany(tx, creations)), ...(await this.rows.updateMany(tx, updates))];
    const byName = new Map(written.map((resource) => [resource.metadata.name, resource]));
    const saved = planned.map(({ input, previous, actor }): SavedChange<Spec, Status> => {
      return { resource: byName.get(input.metadata.name)!, previous, actor };
    });
    await this.rules.savedMany?.(tx, saved);
    const correlationId = currentTraceId();
    await auditMany(
      tx,
      saved.map(({ resource, previous, actor }) =>
        auditedChange(this.kind, resource, previous, { actor, correlationId }),
      ),
    );
    await this.outbox.addMany(
      tx,
      this.events.saved,
      saved.map(({ resource, actor }) => ({ resource, actor })),
    );
  }

  /** Whether no change leads from one to the other: the object was deleted elsewhere, and made anew. */
  private isAnother(current: Resource<Spec, Status>, input: ResourceInput<Spec>): boolean {
    try {
      this.rules.change?.(current, input);
      return false;
    } catch (error) {
      if (error instanceof MusterError) return true;
      throw error;
    }
  }
}
