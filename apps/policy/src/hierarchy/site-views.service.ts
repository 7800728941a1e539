import { Inject, Injectable } from '@nestjs/common';
import type { SiteList, SiteView } from '@muster/contracts/hierarchy/site-views.js';
import { readReplication } from '@muster/contracts/requests/replication.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SERVICES, viewSites } from './gather-links.js';
import { SiteRepository } from './site.repository.js';

const ANSWER_MILLISECONDS = 3_000;

/** The sites as this one knows them, with what the four services say of their links. */
@Injectable()
export class SiteViews {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  async list(): Promise<SiteList> {
    const [sites, ...answers] = await Promise.all([
      this.sites.list(this.database),
      ...SERVICES.map((one) => this.ask(one)),
    ]);
    const links = new Map(answers.map(({ service, links: found }) => [service, found]));
    return {
      site: this.config.MUSTER_SITE,
      items: viewSites(this.config.MUSTER_SITE, sites, links),
      services: answers.map(({ links: _links, ...said }) => said),
    };
  }

  /** @throws MusterError `hierarchy.no-such-site` */
  async read(code: string): Promise<SiteView> {
    const { items } = await this.list();
    const found = items.find((site) => site.code === code);
    if (found) return found;
    throw new MusterError(
      'not-found',
      'hierarchy.no-such-site',
      `There is no site ${code} here. "muster hierarchy sites" shows them`,
    );
  }

  /** A service that does not say is shown as such; the others are shown all the same. */
  private async ask(service: ServiceName) {
    try {
      const { links, ...said } = await this.bus.request(readReplication(service), {}, ANSWER_MILLISECONDS);
      return { service, error: null, links, ...said };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { service, error: message, links: null, waitingCount: null, parkedCount: null, waiting: [], parked: [] };
    }
  }
}
