import { Inject, Injectable } from '@nestjs/common';
import { type AuditFilter, type AuditList, SERVICES } from '@muster/contracts/kinds/audit.js';
import { readAudit } from '@muster/contracts/requests/read-audit.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { CONFIG } from '@muster/service/tokens.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { mergeEntries } from './merge-entries.js';

/** Who changed what at the whole site. Each service keeps its own; this one asks them all. */
@Injectable()
export class AuditService {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** A page, newest first. Throws MusterError `request.bad-continue`, and `bus.no-answer` when a service is away: no page is ever half. */
  async list(filter: AuditFilter, page: { limit: number; continue?: string | undefined }): Promise<AuditList> {
    const [before] = decodePosition(page.continue, ['string']);
    if (before !== undefined && !uidSchema.safeParse(before).success)
      throw new MusterError('invalid', 'request.bad-continue', 'Start the listing again without the continue token');
    const question = { ...filter, before, limit: page.limit + 1 };
    const answers = await Promise.all(SERVICES.map((service) => this.bus.request(readAudit(service), question)));
    const found = mergeEntries(
      answers.map(({ entries }) => entries),
      page.limit + 1,
    );
    // Each site keeps its own record, and answers with nothing else.
    const items = found.slice(0, page.limit).map((entry) => ({ ...entry, site: this.config.MUSTER_SITE }));
    const last = items.at(-1);
    return { metadata: found.length > page.limit && last ? { continue: encodePosition([last.id]) } : {}, items };
  }
}
