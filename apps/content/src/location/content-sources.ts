import { type ContentReach, NO_FILES_DIGEST } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { ContentSources } from '@muster/contracts/kinds/content-sources.js';
import type { ExplainedSources } from '@muster/contracts/requests/explain-sources.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { BoundaryMap } from '../boundaries/boundary-map.js';
import type { LocationRepository } from './location.repository.js';

/** Explains to people what agents are told of where content is. */
export class ContentSourceFinder {
  constructor(
    private readonly database: Database,
    private readonly locations: LocationRepository,
    private readonly boundaries: BoundaryMap,
  ) {}

  /** @throws MusterError `resource.not-found`, `content.not-distributed`, `content.no-files` */
  async find(content: ContentReference, address: string | undefined): Promise<ContentSources> {
    const [found] = await this.locations.resolve(this.database, [content]);
    const { kind, name } = content;
    if (!found?.exists) throw new MusterError('not-found', 'resource.not-found', `There is no ${kind} "${name}"`);
    if (!found.distributed) {
      throw new MusterError(
        'unavailable',
        'content.not-distributed',
        `No distribution point has ${kind} "${name}" yet. Distribute it, or wait until its Distribution is available`,
      );
    }
    const { version, manifest } = found.distributed;
    if (manifest === NO_FILES_DIGEST) {
      const reason = `${kind} "${name}" has no files (spec.noFiles): nothing of it is fetched from anywhere`;
      throw new MusterError('conflict', 'content.no-files', reason);
    }
    const points = await this.locations.findPoints(this.database, manifest);
    const ordered = await this.boundaries.order(points, address);
    return {
      package: name,
      ...(kind === 'Package' ? {} : { kind }),
      version,
      manifest,
      ...(address === undefined ? {} : { address }),
      ...ordered,
    };
  }

  /** The same for everything that a deployment needs: what is on no point has no sources. */
  async explain(
    manifests: readonly Digest[],
    addresses: readonly string[],
    reach: ContentReach | undefined,
  ): Promise<ExplainedSources> {
    const address = await this.boundaries.tellingAddress(addresses);
    const points = await this.locations.findPointsOfEach(this.database, manifests);
    const { groups } = await this.boundaries.order([], address);
    const contents = await Promise.all(
      manifests.map(async (manifest) => {
        const having = points.filter((point) => point.manifest === manifest);
        const { sources, leftOut } = await this.boundaries.order(having, address, reach);
        return { manifest, sources, leftOut };
      }),
    );
    return { ...(address === undefined ? {} : { address }), groups, contents };
  }
}
