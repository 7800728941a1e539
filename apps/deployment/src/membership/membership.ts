import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { namedCollections, type CollectionRule, type CollectionSpec } from '@muster/contracts/kinds/collection.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { CollectionGraphRepository } from './collection-graph.repository.js';
import { evaluationOrder } from './collection-graph.js';
import type { MembershipRepository } from './membership.repository.js';
import { explainMembership } from './explain-membership.js';
import { compileQuery } from './query-sql.js';
import { factsOfChange, type SoftwareChange } from './software-reads.js';
import { ARCHITECTURE_FACT, evaluated, type EvaluatedCollection } from './wanted-devices.js';

/** Devices per fact: 150,000 of them must not make one message that no broker carries. */
const DEVICES_PER_FACT = 10_000;
/** Beyond as many devices a collection is evaluated whole: that is cheaper than looking each of them up. */
const MOST_SCOPED_DEVICES = 10_000;

/**
 * Keeps membership equal to what the rules of all collections say of all devices, and tells each change. Every method
 * runs in the caller's transaction, after `lock`.
 */
export class Membership {
  constructor(
    private readonly repository: MembershipRepository,
    private readonly graph: CollectionGraphRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Waits for its turn; held until the transaction ends. Take it before reading what the change depends on. */
  async lock(tx: Transaction): Promise<void> {
    await this.repository.lock(tx);
  }

  /** Brings one collection in line with its rules, and then all that depend on it. */
  async evaluate(tx: Transaction, collection: { uid: string; name: string }, spec: CollectionSpec): Promise<void> {
    const needs = namedCollections(spec).map(({ name }) => name);
    await this.graph.setEdges(tx, collection.name, needs);
    const uids = await this.graph.uids(tx, needs);
    await this.graph.setReads(tx, collection.name, factsRead(spec));
    const changed = await this.bringInLine(tx, evaluated(collection.uid, spec, uids), undefined);
    if (changed.size > 0) await this.follow(tx, new Map([[collection.name, changed]]), []);
  }

  /** Devices that were not there before; at most as many as one fact carries. */
  async devicesAppeared(tx: Transaction, devices: readonly { uid: string; name: string }[]): Promise<void> {
    const changes = new Map<string, ReadonlySet<string>>();
    for (const { uid, name, entered } of await this.repository.enter(tx, devices)) {
      await this.tell(tx, uid, { added: entered });
      changes.set(name, new Set(entered));
    }
    const naming = await this.repository.dependentCollectionsNaming(
      tx,
      devices.map(({ name }) => name),
    );
    const asking = await this.graph.reading(tx);
    await this.follow(
      tx,
      changes,
      [...naming, ...asking],
      devices.map(({ uid }) => uid),
    );
  }

  /**
   * A device that has other facts than before. Only the collections whose queries read one of them are looked at: all together
   * for who should be in, and one by one only where that is not so already.
   */
  async factsChanged(tx: Transaction, device: { uid: string; name: string }, facts: readonly string[]): Promise<void> {
    if (facts.length === 0) return;
    await this.putRight(tx, device, await this.reading(tx, facts));
  }

  /**
   * A device that has other software than before. Of the collections that read what changed, those are looked at whose queries an entry that
   * came or went could make come out otherwise; all of what the device has is looked at for these only.
   */
  async softwareChanged(tx: Transaction, device: { uid: string; name: string }, change: SoftwareChange): Promise<void> {
    const reading = await this.reading(tx, factsOfChange(change));
    if (reading.size > 0 && !change.whole) {
      const concerned = await this.repository.concernedBy(tx, change, queriesOf(reading));
      for (const [name, { spec }] of reading)
        if (!spec.rules.some((rule) => 'query' in rule && concerned.has(rule.query))) reading.delete(name);
    }
    await this.putRight(tx, device, reading);
  }

  private async reading(tx: Transaction, facts: readonly string[]): Promise<Documents> {
    const names = await this.graph.reading(tx, facts);
    return names.length === 0 ? new Map() : this.graph.documents(tx, names);
  }

  private async putRight(tx: Transaction, device: { uid: string; name: string }, documents: Documents): Promise<void> {
    const wrong = await this.notInLine(tx, device, documents);
    if (wrong.length > 0) await this.follow(tx, new Map(), wrong, [device.uid]);
  }

  /** Of these collections those that have a device and should not, or should and have not, as things stand below them. */
  private async notInLine(
    tx: Transaction,
    device: { uid: string; name: string },
    documents: Documents,
  ): Promise<string[]> {
    if (documents.size === 0) return [];
    const memberOf = await this.repository.collectionsOf(tx, device.uid);
    const answers = await this.repository.answers(tx, device.uid, queriesOf(documents));
    const unknown = await this.repository.asUnknown(tx, device.uid);
    return [...documents]
      .filter(([name, { spec }]) => {
        const { member } = explainMembership(name, spec, { name: device.name, unknown }, memberOf, answers);
        return member !== memberOf.has(name);
      })
      .map(([name]) => name);
  }

  /** An unknown computer is a known device from now on: it leaves what it was in as unknown, and enters what has it as known. */
  async becameKnown(tx: Transaction, device: { uid: string; name: string }): Promise<void> {
    await this.deviceGone(tx, device.uid);
    await this.devicesAppeared(tx, [device]);
  }

  async deviceGone(tx: Transaction, deviceUid: string): Promise<void> {
    for (const collection of await this.repository.leave(tx, deviceUid))
      await this.tell(tx, collection, { removed: [deviceUid] });
  }

  /** The record `from` goes on under another uid. */
  async deviceReplaced(tx: Transaction, from: string, to: string): Promise<void> {
    for (const collection of await this.repository.exchange(tx, from, to))
      await this.tell(tx, collection, { added: [to], removed: [from] });
  }

  /** The collection goes, and its members with it. The fact `collection-deleted` says so; there is no other. */
  async collectionGone(tx: Transaction, collection: { uid: string; name: string }): Promise<void> {
    await this.repository.drop(tx, collection.uid);
    await this.graph.setEdges(tx, collection.name, []);
    await this.graph.setReads(tx, collection.name, []);
  }

  /**
   * Goes through all that depends on changed collections, each behind what it needs, and looks only at the devices that
   * changed there. Where nothing changes, what hangs on it is left alone (collections-variables, 2.3).
   *
   * @param changes devices that entered or left, by collection; grows on the way
   * @param also collections to look at for the devices `looked`, whatever changed below them
   */
  private async follow(
    tx: Transaction,
    changes: Map<string, ReadonlySet<string>>,
    also: readonly string[],
    looked: readonly string[] = [],
  ): Promise<void> {
    const start = [...changes.keys()];
    const edges = await this.graph.above(tx, [...start, ...also]);
    const order = evaluationOrder([...start, ...also], edges).filter((name) => !changes.has(name));
    if (order.length === 0) return;
    const needs = Map.groupBy(edges, ({ collection }) => collection);
    const asked = new Set(looked.length === 0 ? [] : also);
    const documents = await this.graph.documents(tx, order);
    const named = [...documents.values()].flatMap(({ spec }) => namedCollections(spec).map(({ name }) => name));
    const uids = await this.graph.uids(tx, named);
    for (const name of order) {
      const document = documents.get(name);
      if (!document) continue;
      const scope = new Set(asked.has(name) ? looked : []);
      for (const edge of needs.get(name) ?? []) for (const uid of changes.get(edge.needs) ?? []) scope.add(uid);
      if (scope.size === 0) continue;
      const changed = await this.bringInLine(tx, evaluated(document.uid, document.spec, uids), scope);
      if (changed.size > 0) changes.set(name, changed);
    }
  }

  /** One collection; answers the devices that entered or left. */
  private async bringInLine(
    tx: Transaction,
    collection: EvaluatedCollection,
    scope: ReadonlySet<string> | undefined,
  ): Promise<ReadonlySet<string>> {
    const devices = scope && scope.size <= MOST_SCOPED_DEVICES ? [...scope] : undefined;
    const changed = new Set<string>();
    for (const change of await this.repository.replace(tx, collection, devices, DEVICES_PER_FACT)) {
      await this.tell(tx, collection.uid, { [change.change]: change.devices });
      for (const uid of change.devices) changed.add(uid);
    }
    return changed;
  }

  private async tell(
    tx: Transaction,
    collectionUid: string,
    { added = [], removed = [] }: { added?: string[]; removed?: string[] },
  ): Promise<void> {
    await this.outbox.add(tx, membersChanged, { collectionUid, added, removed });
  }
}

type Documents = Awaited<ReturnType<CollectionGraphRepository['documents']>>;

/** The queries of these collections, each once. */
function queriesOf(documents: Documents): string[] {
  const queries = [...documents.values()].flatMap(({ spec }) =>
    spec.rules.flatMap((rule) => ('query' in rule ? [rule.query] : [])),
  );
  return [...new Set(queries)];
}

/** The facts that the rules of a collection read, each once. */
function factsRead({ rules }: CollectionSpec): string[] {
  const reads = rules.flatMap((rule) => {
    if ('query' in rule) return ['', ...compileQuery(rule.query, () => '').reads];
    // As with queries: a device that appears is asked, and one that tells another architecture.
    return 'unknownComputers' in rule ? ['', ARCHITECTURE_FACT] : [];
  });
  return [...new Set(reads)];
}

/** Names of the devices that direct rules name, each once. */
export function directDevices(rules: readonly CollectionRule[]): string[] {
  return [...new Set(rules.flatMap((rule) => ('device' in rule ? [rule.device] : [])))];
}
