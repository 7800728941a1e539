import type { ContentReach } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { distributionName } from '@muster/contracts/kinds/distribution-name.js';
import { distributedContent, type DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { BoundaryMap } from '../boundaries/boundary-map.js';
import type { DistributionStore } from '../distributions/distribution-store.js';
import { Gathering } from './gathering.js';
import type { OnDemandRepository } from './on-demand.repository.js';

/** A fleet that asks at once is one question in this time. */
const KEPT_MILLISECONDS = 5_000;
const MOST_KEPT = 10_000;
/** So many points of a device's boundary groups get the content. */
const MOST_POINTS = 20;
/** A Distribution that names so many points gets no more of them in this way. */
const MOST_OF_DISTRIBUTION = 250;
/** Processes that write to one Distribution at the same time come one after the other. */
const MOST_TRIES = 10;

/**
 * Content that comes to the points near a device when the device asks for it there: they are added to its Distribution, as people would. So
 * later versions follow, people see it and may take it back.
 */
export class OnDemand {
  private readonly asked = new Map<string, { until: number; points: Promise<string[]> }>();
  /** Devices of all boundary groups of a fleet may ask for one content at the same time. */
  private readonly additions = new Gathering<string, ReadonlySet<string>>();

  constructor(
    private readonly database: Database,
    private readonly repository: OnDemandRepository,
    private readonly boundaries: BoundaryMap,
    private readonly distributions: DistributionStore,
  ) {}

  /**
   * Sees to it that content comes to the points of a device's boundary groups, if it comes on demand. Returns the names of the points that
   * have this version or get it; none: it comes nowhere on demand, or only a newer version does.
   */
  async want(manifest: Digest, address: string | undefined, reach: ContentReach | undefined): Promise<string[]> {
    const { groups } = await this.boundaries.order([], address, reach);
    const key = JSON.stringify([manifest, groups, reach ?? null]);
    const now = performance.now();
    const known = this.asked.get(key);
    if (known && known.until > now) return known.points;
    const points = this.look(manifest, address, reach);
    if (this.asked.size >= MOST_KEPT) this.asked.clear();
    this.asked.set(key, { until: now + KEPT_MILLISECONDS, points });
    // A failure is not kept.
    points.catch(() => this.asked.delete(key));
    return points;
  }

  private async look(
    manifest: Digest,
    address: string | undefined,
    reach: ContentReach | undefined,
  ): Promise<string[]> {
    const content = await this.repository.findContent(this.database, manifest);
    if (!content) return [];
    const points = await this.repository.findPoints(this.database, content, manifest);
    const own = (await this.boundaries.ownPoints(points, address, reach)).slice(0, MOST_POINTS);
    const served = new Set(points.flatMap(({ name, isServed }) => (isServed ? [name] : [])));
    const lacking = own.filter((name) => !served.has(name));
    const named = lacking.length > 0 ? await this.send(content, lacking) : new Set<string>();
    const coming = new Set(points.flatMap(({ name, isComing }) => (isComing ? [name] : [])));
    return own.filter((name) => coming.has(name) || (content.isNewest && !served.has(name) && named.has(name)));
  }

  private send(content: ContentReference, points: readonly string[]): Promise<ReadonlySet<string>> {
    return this.additions.ask(distributionName(content), points, (all) => this.addPoints(content, all));
  }

  /** Returns the points that the Distribution of the content names then; none when that is the Distribution of something else. */
  private async addPoints(content: ContentReference, points: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const name = distributionName(content);
    const { kind, name: packageName } = content;
    for (let tries = 1; ; tries += 1) {
      const existing = await this.distributions.rows.find(this.database, name);
      const before = existing?.spec;
      if (before && !isOf(content, before)) return new Set();
      const there = before?.points ?? [];
      const most = Math.max(MOST_OF_DISTRIBUTION, there.length);
      const names = [...new Set([...there, ...points])].slice(0, most);
      // All are in it already, or it is full.
      if (before && names.length === there.length) return new Set(names);
      const spec: DistributionSpec = {
        // A computer waits for it.
        priority: 'high',
        ...before,
        package: packageName,
        ...(kind === 'Package' ? {} : { kind }),
        points: names,
      };
      try {
        await this.distributions.apply(
          { apiVersion: API_VERSION, kind: 'Distribution', metadata: { ...existing?.metadata, name }, spec },
          existing
            ? { actor: 'system', ifMatch: existing.metadata.resourceVersion }
            : { actor: 'system', createOnly: true },
        );
        return new Set(names);
      } catch (error) {
        // Another device, which asked another process, was quicker.
        if (!(error instanceof MusterError) || error.category !== 'conflict' || tries === MOST_TRIES) throw error;
      }
    }
  }
}

function isOf({ kind, name }: ContentReference, spec: DistributionSpec): boolean {
  const found = distributedContent(spec);
  return found.kind === kind && found.name === name;
}
