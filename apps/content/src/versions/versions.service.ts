import type { Manifest } from '@muster/contracts/agent/content.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageVersionList, VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import { compareManifests } from './compare-manifests.js';

/** One page of something. */
export interface PageWish {
  limit: number;
  continue: string | undefined;
}

/** What versions content has, and what two of them differ in. */
export class VersionsService {
  constructor(
    private readonly database: Database,
    private readonly versions: PackageVersionRepository,
  ) {}

  /** @throws MusterError `resource.not-found`, `request.bad-continue` */
  async list(content: ContentReference, page: PageWish): Promise<PackageVersionList> {
    const [below] = decodePosition(page.continue, ['number']);
    const items = await this.versions.findPage(this.database, content, below, page.limit + 1);
    if (!items)
      throw new MusterError('not-found', 'resource.not-found', `There is no ${content.kind} "${content.name}"`);
    const shown = items.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      metadata: items.length > page.limit && last ? { continue: encodePosition([last.version]) } : {},
      items: shown,
    };
  }

  /**
   * @param from default: the version before `to`
   * @throws MusterError `content.unknown-version`, `request.bad-continue`
   */
  async compare(
    content: ContentReference,
    from: number | undefined,
    to: number,
    page: PageWish,
  ): Promise<VersionDifference> {
    const [after] = decodePosition(page.continue, ['string']);
    const earlier = from ?? to - 1;
    const [one, other] = [await this.read(content, earlier), await this.read(content, to)];
    const { changes, ...difference } = compareManifests(one, other);
    const left = after === undefined ? changes : changes.filter(({ path }) => path > after);
    const items = left.slice(0, page.limit);
    const last = items.at(-1);
    return {
      package: content.name,
      ...(content.kind === 'Package' ? {} : { kind: content.kind }),
      from: earlier,
      to,
      ...difference,
      metadata: left.length > page.limit && last ? { continue: encodePosition([last.path]) } : {},
      items,
    };
  }

  private async read(content: ContentReference, version: number): Promise<Manifest> {
    const found = await this.versions.find(this.database, content, version);
    if (found) return JSON.parse(found.document) as Manifest;
    throw new MusterError(
      'not-found',
      'content.unknown-version',
      `${content.kind} "${content.name}" has no version ${version} to compare`,
    );
  }
}
