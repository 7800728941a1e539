import { manifestSchema } from '@muster/contracts/agent/content.js';
import { canonicalJson, digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import { manifestAnswerSchema, manifestQuestionSchema } from '@muster/contracts/links/link-messages.js';
import { nextOnTheWay } from '@muster/hierarchy/sites.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { KnownSite } from '@muster/replication/hierarchy.repository.js';
import type { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { Logger } from 'pino';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import type { SiteVersionRepository } from './site-version.repository.js';

const IDLE_MILLISECONDS = 60_000;

/**
 * Brings the lists of files of other sites' versions here. What is wanted is not kept anywhere: a version that waits for its
 * list says so again whenever it is tried.
 */
export class ManifestFetcher {
  private readonly wanted = new Map<Digest, string>();
  private readonly loop: Loop;

  constructor(
    private readonly database: Database,
    private readonly sites: SiteReplication,
    private readonly known: PackageVersionRepository,
    private readonly versions: SiteVersionRepository,
    private readonly logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.fetchWanted(),
      IDLE_MILLISECONDS,
      (error) => logger[error instanceof MusterError ? 'debug' : 'warn']({ err: error }, 'cannot ask for a manifest'),
    );
    sites.answersAlso((port) =>
      port.answer('manifest', manifestQuestionSchema, async ({ manifest }) => {
        const document = await this.known.findManifest(this.database, manifest);
        return JSON.stringify({ document: document ?? null });
      }),
    );
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  /** @param source site that made the version; this one, where it was restored from a backup and others remember more */
  want(manifest: Digest, source: string): void {
    this.wanted.set(manifest, source);
    this.loop.nudge();
  }

  private async fetchWanted(): Promise<void> {
    for (const [manifest, source] of this.wanted) {
      this.wanted.delete(manifest);
      const document = await this.ask(manifest, source);
      if (document !== undefined) await this.versions.addManifest(this.database, manifest, document);
    }
  }

  private async ask(manifest: Digest, source: string): Promise<string | undefined> {
    for (const peer of this.peersTowards(source)) {
      const answer = await this.sites.port?.ask(peer, 'manifest', { manifest }, manifestAnswerSchema);
      const document = answer?.document ?? undefined;
      if (document === undefined) continue;
      if (isManifest(document, manifest)) return document;
      this.logger.warn({ peer: peer.code, manifest }, 'a site answered with another list of files than was asked for');
    }
    return undefined;
  }

  private peersTowards(source: string): readonly KnownSite[] {
    const { hierarchy } = this.sites;
    if (!hierarchy) return [];
    if (source === hierarchy.here) return hierarchy.neighbours;
    const next = nextOnTheWay(hierarchy.here, source, hierarchy.places);
    return hierarchy.neighbours.filter(({ code }) => code === next);
  }
}

/** Exactly the text that the digest names, and a list of files that could be made here. */
function isManifest(document: string, manifest: Digest): boolean {
  if (digestOfBytes(document) !== manifest) return false;
  const parsed = manifestSchema.safeParse(JSON.parse(document));
  return parsed.success && canonicalJson(parsed.data) === document;
}
