import type { Digest } from '@muster/contracts/digest.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { explainSources } from '@muster/contracts/requests/explain-sources.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { DistributionActions } from '../audit/distribution-actions.js';
import type { ApplicationRepository } from '../applications/application.repository.js';
import type { ContentSourceFinder } from './content-sources.js';
import type { ContentLocator } from './locate.js';
import type { LocationRepository } from './location.repository.js';

/** The bus carries 8 MiB in one message (max_payload); the documents of applications take no more than this of it. */
const ANSWER_BYTES = 4_000_000;

/** Answers other services' questions about content. */
export class ContentMessages {
  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly locations: LocationRepository,
    private readonly applications: ApplicationRepository,
    private readonly locator: ContentLocator,
    private readonly sources: ContentSourceFinder,
    private readonly actions: DistributionActions,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      resolveContent,
      async ({ packages, contents, applications }) => {
        const named = packages.map((name) => ({ kind: 'Package' as const, name }));
        const found = await this.locations.resolve(this.database, named);
        const others = await this.locations.resolve(this.database, contents ?? []);
        return {
          packages: found.map(({ kind: _kind, ...one }) => one),
          ...(contents ? { contents: others.map(({ programs: _programs, ...one }) => one) } : {}),
          ...(applications
            ? { applications: await this.applications.findDocuments(this.database, applications, ANSWER_BYTES) }
            : {}),
        };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer resolve-content'),
    );
    this.bus.answer(
      locateContent,
      ({ manifest, files, address, reach }) => this.locator.locate(manifest as Digest, files, address, reach),
      (error) => this.logger.error({ err: error }, 'cannot answer locate-content'),
    );
    this.bus.answer(
      explainSources,
      ({ manifests, addresses, reach }) => this.sources.explain(manifests as Digest[], addresses, reach),
      (error) => this.logger.error({ err: error }, 'cannot answer explain-sources'),
    );
    this.bus.answer(
      checkCopies,
      async ({ faults }) => ({ accepted: await this.actions.checkReported(faults) }),
      (error) => this.logger.error({ err: error }, 'cannot answer check-copies'),
    );
  }
}
