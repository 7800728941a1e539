import { findManifestUses } from '@muster/contracts/requests/find-uses.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import type { RemovalRepository } from './removal.repository.js';

const ASKED_AT_ONCE = 1_000;

/**
 * Versions that points have beside newer ones. Policy is asked first: what devices are told of stays, however old it is, because a
 * deployment that is blocked, or that waits for its window, goes on with what it named before.
 */
export class OldVersions {
  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly removals: RemovalRepository,
  ) {}

  /**
   * Lets points go of what nobody was told of for so many hours, and that has had a newer one beside it for as long. Returns how many
   * transfers that were.
   *
   * @throws MusterError `bus.no-answer` and the like when policy cannot be asked: then nothing more goes
   */
  async withdraw(hours: number): Promise<number> {
    let withdrawn = 0;
    for (let after = ''; ;) {
      const manifests = await this.removals.findOld(this.database, hours, after, ASKED_AT_ONCE);
      const last = manifests.at(-1);
      if (last === undefined) return withdrawn;
      const { items } = await this.bus.request(findManifestUses, { manifests, endedWithinHours: hours });
      const told = new Set(items.map(({ manifest }) => manifest as string));
      const gone = manifests.filter((manifest) => !told.has(manifest));
      if (gone.length > 0) withdrawn += await this.removals.withdrawOld(this.database, hours, gone);
      after = last;
    }
  }
}
