import { audit } from '@muster/persistence/audit.js';
import type { Database } from '@muster/persistence/database.js';
import type { SiteKey } from './site-key.js';
import { SiteKeyRepository } from './site-key.repository.js';

/** Writes down, at the first start with another key, which one took the place of which: once, whichever process starts first. */
export class SiteKeyAudit {
  constructor(
    private readonly database: Database,
    private readonly siteKey: SiteKey,
    private readonly site: string,
    private readonly repository = new SiteKeyRepository(),
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { thumbprint } = this.siteKey;
    await this.database.transaction(async (tx) => {
      const before = await this.repository.change(tx, thumbprint);
      if (before === undefined) return;
      const details = { siteKey: thumbprint, inPlaceOf: before };
      await audit(tx, { actor: `site:${this.site}`, action: 'renewed', kind: 'Site', name: this.site, details });
    });
  }
}
