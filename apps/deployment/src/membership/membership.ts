import { membersChanged } from '@muster/contracts/events/members-changed.js';
import type { CollectionRule } from '@muster/contracts/kinds/collection.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { MembershipRepository } from './membership.repository.js';

/** Devices per fact: 150,000 of them must not make one message that no broker carries. */
const DEVICES_PER_FACT = 10_000;

/**
 * Keeps membership equal to what the rules of all collections say of all devices, and tells each change. Every method
 * runs in the caller's transaction, after `lock`.
 */
export class Membership {
  constructor(
    private readonly repository: MembershipRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Waits for its turn; held until the transaction ends. Take it before reading what the change depends on. */
  async lock(tx: Transaction): Promise<void> {
    await this.repository.lock(tx);
  }

  /** Brings one collection in line with its rules. */
  async evaluate(tx: Transaction, collectionUid: string, rules: readonly CollectionRule[]): Promise<void> {
    const wanted = { allDevices: rules.some((rule) => 'allDevices' in rule), names: directDevices(rules) };
    for (const { change, devices } of await this.repository.replace(tx, collectionUid, wanted, DEVICES_PER_FACT)) {
      await this.tell(tx, collectionUid, { [change]: devices });
    }
  }

  /** A device that was not there before. */
  async deviceAppeared(tx: Transaction, device: { uid: string; name: string }): Promise<void> {
    for (const collection of await this.repository.enter(tx, device))
      await this.tell(tx, collection, { added: [device.uid] });
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
  async collectionGone(tx: Transaction, collectionUid: string): Promise<void> {
    await this.repository.drop(tx, collectionUid);
  }

  private async tell(
    tx: Transaction,
    collectionUid: string,
    { added = [], removed = [] }: { added?: string[]; removed?: string[] },
  ): Promise<void> {
    await this.outbox.add(tx, membersChanged, { collectionUid, added, removed });
  }
}

/** Names of the devices that direct rules name, each once. */
export function directDevices(rules: readonly CollectionRule[]): string[] {
  return [...new Set(rules.flatMap((rule) => ('device' in rule ? [rule.device] : [])))];
}
