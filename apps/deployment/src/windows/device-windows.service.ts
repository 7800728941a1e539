import { Inject, Injectable } from '@nestjs/common';
import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { DeviceWindowsRepository } from './device-windows.repository.js';
import { tellWindows } from './tell-windows.js';

/** The maintenance windows of devices. Reads only. */
@Injectable()
export class DeviceWindowsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeviceWindowsRepository) private readonly repository: DeviceWindowsRepository,
  ) {}

  /** @throws MusterError `resource.not-found` */
  async tell(device: string, asked: { minutes: number; count: number }): Promise<DeviceWindows> {
    const found = await this.repository.find(this.database, device);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${device}"`);
    return tellWindows({ device, ...found, ...asked, now: Date.now() });
  }
}
