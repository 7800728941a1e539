import { Inject, Injectable } from '@nestjs/common';
import type { InventoryRequest } from '@muster/contracts/agent/inventory.js';
import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import { deviceSoftwareTold } from '@muster/contracts/events/device-software-told.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { storable } from '../storable.js';

/** Passes on what devices tell of themselves; keeps nothing of it here. */
@Injectable()
export class InventoryIntake {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  /** Acknowledged means that the fact is durable. */
  async take(deviceUid: string, { facts }: InventoryRequest): Promise<void> {
    await this.database.transaction(async (tx) => {
      // The device's clock may say anything: facts follow each other in the order in which they came.
      const receivedAt = new Date().toISOString();
      await this.outbox.add(tx, deviceInventoried, { deviceUid, receivedAt, facts: storable(facts) });
    });
  }

  /** The same of the software that is installed. */
  async takeSoftware(deviceUid: string, told: SoftwareRequest): Promise<void> {
    await this.database.transaction(async (tx) => {
      const receivedAt = new Date().toISOString();
      await this.outbox.add(tx, deviceSoftwareTold, { deviceUid, receivedAt, ...storable(told) });
    });
  }
}
