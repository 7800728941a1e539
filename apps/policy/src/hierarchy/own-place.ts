import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { auditLinkKey } from './audit-link-key.js';
import { OwnLinkKey } from './link-key.js';
import { SiteRepository } from './site.repository.js';

/** Where this site is in the hierarchy. Written at its first start; a site that has joined, or has sites below, keeps its kind. */
@Injectable()
export class OwnPlace implements OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(OwnLinkKey) private readonly key: OwnLinkKey,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const publicKey = this.key.ifAny?.publicKey;
    if (!publicKey) return;
    const { MUSTER_SITE: code, MUSTER_SITE_KIND: kind } = this.config;
    await this.database.transaction(async (tx) => {
      await this.sites.takeTurn(tx);
      const all = await this.sites.list(tx);
      const before = all.find((site) => site.code === code);
      const fixed = before !== undefined && all.length > 1;
      if (fixed && before.kind !== kind)
        this.logger.warn(
          { code: 'hierarchy.kind-fixed' },
          `MUSTER_SITE_KIND says ${kind}, but this site is a ${before.kind} site of a hierarchy and stays one`,
        );
      if (before && before.publicKey?.x === publicKey.x && (fixed || before.kind === kind)) return;
      const own = { kind, parent: null, revoked: false, ...(fixed ? before : {}), code, publicKey };
      await this.save(tx, own);
      await auditLinkKey(tx, code, publicKey, before?.publicKey);
    });
  }

  /** @throws MusterError `hierarchy.no-link-key` */
  async read(database: Pick<Database, 'query'>): Promise<HierarchySiteRecord> {
    const own = this.key.required && (await this.sites.find(database, this.config.MUSTER_SITE));
    if (own) return own;
    throw new MusterError('bug', 'internal.bug', 'This site does not know its own place');
  }

  /** Writes a site's place, and tells the other services in the same transaction. */
  async save(tx: Transaction, site: HierarchySiteRecord): Promise<void> {
    await this.sites.save(tx, site);
    await this.outbox.add(tx, hierarchySiteChanged, site);
  }
}
