import { Inject, Injectable } from '@nestjs/common';
import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { DeviceHistoryRepository } from './device-history.repository.js';

/** What happened to a device. Reads only. */
@Injectable()
export class DeviceHistoryService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeviceHistoryRepository) private readonly repository: DeviceHistoryRepository,
  ) {}

  /** A page, newest first. Throws MusterError `resource.not-found`, `request.bad-continue`. */
  async list(name: string, page: { limit: number; continue?: string | undefined }): Promise<DeviceHistory> {
    const [at, key] = decodePosition(page.continue, ['string', 'string']);
    if (at !== undefined && Number.isNaN(Date.parse(at)))
      throw new MusterError('invalid', 'request.bad-continue', 'Start the listing again without the continue token');
    const uid = await this.repository.uidOf(this.database, name);
    if (uid === undefined) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
    const place = at === undefined || key === undefined ? undefined : { at, key };
    const found = await this.repository.before(this.database, { name, uid }, place, page.limit + 1);
    const shown = found.slice(0, page.limit);
    const last = shown.at(-1)?.place;
    return {
      metadata: found.length > page.limit && last ? { continue: encodePosition([last.at, last.key]) } : {},
      items: shown.map(({ item }) => item),
    };
  }
}
