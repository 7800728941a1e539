import type { NotificationName, NotificationResult } from '@muster/contracts/kinds/device-notification.js';
import { callDevices } from '@muster/contracts/requests/call-devices.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import { Bus } from '@muster/messaging/bus.js';
import { audit } from '@muster/persistence/audit.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { Inject, Injectable } from '@nestjs/common';
import { notEnrolled } from '../devices/decide-access.js';
import { type Audience, NotificationRepository } from './notification.repository.js';

/** Tells devices that are connected to do something now. It is a hint: what they get for it they ask for themselves. */
@Injectable()
export class Notifications {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(NotificationRepository) private readonly repository: NotificationRepository,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  /** @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`, `bus.no-answer` */
  async notifyDevice(name: string, what: NotificationName, actor: string): Promise<NotificationResult> {
    const found = await this.repository.device(this.database, name);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
    if (!found.enrolled) throw notEnrolled(name, 'call');
    return this.tell({ device: found.uid }, { kind: 'Device', name, what, actor }, found);
  }

  /** @throws MusterError `resource.not-found`, `bus.no-answer` */
  async notifyMembers(name: string, what: NotificationName, actor: string): Promise<NotificationResult> {
    const found = await this.repository.collection(this.database, name);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no Collection "${name}"`);
    return this.tell({ collection: found.uid }, { kind: 'Collection', name, what, actor }, found);
  }

  private async tell(
    whom: { device: string } | { collection: string },
    { kind, name, what, actor }: { kind: string; name: string; what: NotificationName; actor: string },
    { uid, devices, connected }: Audience,
  ): Promise<NotificationResult> {
    if (what === 'policy') await this.bus.request(retrievePolicy, whom);
    else await this.bus.request(callDevices, { ...whom, wish: what });
    const details = { what, devices, connected };
    await this.database.transaction((tx) =>
      audit(tx, { actor, action: 'called', kind, name, uid, details, correlationId: currentTraceId() }),
    );
    return { what, devices, connected };
  }
}
