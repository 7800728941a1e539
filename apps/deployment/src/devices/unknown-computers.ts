import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Adoption } from './adoption.js';
import type { DeviceRepository } from './device.repository.js';

const EVERY_MILLISECONDS = 10 * 60_000;
const AT_ONCE = 100;

/**
 * What becomes of unknown computers: known devices as soon as a run on one has succeeded (collections-variables, DEV-06), and
 * nothing when nobody has heard of one for long.
 */
export class UnknownComputers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly forgetting: Loop;

  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly membership: Membership,
    private readonly adoption: Adoption,
    private readonly log: EventLog,
    private readonly database: Database,
    keepDays: number,
    logger: Logger,
  ) {
    this.forgetting = new Loop(
      async () => {
        if (keepDays > 0 && (await this.forget(keepDays)) === AT_ONCE) this.forgetting.nudge();
      },
      EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget unknown computers right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.forgetting.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.forgetting.stop();
  }

  /** Runs on devices have succeeded. An unknown computer is from now on what its token says: a device, or one that waits for its approval. */
  async runsSucceeded(tx: Transaction, deviceUids: readonly string[]): Promise<void> {
    if (deviceUids.length === 0) return;
    const unknown = await this.repository.unknownAmong(tx, deviceUids);
    if (unknown.length === 0) return;
    await this.membership.lock(tx);
    for (const uid of unknown) await this.becomeKnown(tx, uid);
  }

  private async becomeKnown(tx: Transaction, deviceUid: string): Promise<void> {
    const device = await this.devices.rows.findByUid(tx, deviceUid);
    const access = device?.status.access;
    if (!device || access?.state !== 'unknown') return;
    const state = access.becomes ?? 'approved';
    const status: DeviceStatus = {
      ...device.status,
      access: { state, since: new Date().toISOString(), by: 'system' },
    };
    let { name } = device.metadata;
    if (state === 'approved') name = await this.adoption.settle(tx, device, status, 'system');
    else {
      await this.adoption.keep(tx, device, status, 'system');
      await this.membership.becameKnown(tx, { uid: deviceUid, name });
    }
    const then = state === 'approved' ? 'is a known device now' : 'waits for its approval now';
    await this.log.add(tx, 'device.known', `devices/${name}`, {
      message: `device ${name} was an unknown computer, has run something with success, and ${then}`,
      device: name,
    });
  }

  /** Deletes unknown computers of which nobody has heard for so many days. Answers how many it looked at. */
  private async forget(days: number): Promise<number> {
    const names = await this.repository.namesByState(this.database, {
      state: 'unknown',
      silentDays: days,
      after: '',
      limit: AT_ONCE,
    });
    for (const name of names) {
      try {
        await this.devices.remove(name, { actor: 'system' });
      } catch (error) {
        // Another replica, or somebody, was first.
        if (!(error instanceof MusterError && error.code === 'resource.not-found')) throw error;
      }
    }
    return names.length;
  }
}
