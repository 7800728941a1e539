import type { Manifest } from '@muster/contracts/agent/content.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageVersionList, VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import { PackError } from '@muster/contracts/agent/pack.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import { libraryUnavailable } from '../packages/library-unavailable.js';
import { StoreError } from '../stores/object-store.js';
import type { ComparedVersions, KeptChanges } from './compare-versions.js';
import type { NamedManifest, VersionDifferences } from './version-differences.js';

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
    private readonly differences: VersionDifferences,
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
   * Files of packs are named like all others, which takes reading the packs.
   *
   * @param from default: the version before `to`
   * @throws MusterError `content.unknown-version`, `request.bad-continue`, `content.bad-pack`, `content.library-unavailable`
   */
  async compare(
    content: ContentReference,
    from: number | undefined,
    to: number,
    page: PageWish,
  ): Promise<VersionDifference> {
    // Versions never change, so the place of a change among all others is always the same.
    const [begin = 0] = decodePosition(page.continue, ['number']);
    const earlier = from ?? to - 1;
    const [one, other] = [await this.read(content, earlier), await this.read(content, to)];
    const { changes, ...difference } = await this.difference(content, one, other, { first: begin, most: page.limit });
    const { added, removed, changed } = difference.files;
    const end = begin + page.limit;
    return {
      package: content.name,
      ...(content.kind === 'Package' ? {} : { kind: content.kind }),
      from: earlier,
      to,
      ...difference,
      metadata: end < added + removed + changed ? { continue: encodePosition([end]) } : {},
      items: changes,
    };
  }

  private async difference(
    content: ContentReference,
    from: NamedManifest,
    to: NamedManifest,
    page: KeptChanges,
  ): Promise<ComparedVersions> {
    try {
      return await this.differences.find(from, to, page);
    } catch (error) {
      if (error instanceof StoreError) throw libraryUnavailable(error);
      if (!(error instanceof PackError)) throw error;
      throw new MusterError(
        'unavailable',
        'content.bad-pack',
        `The library does not hold the pack of ${content.kind} "${content.name}" as it was uploaded: ${error.message}. Upload that version again`,
        { cause: error },
      );
    }
  }

  private async read(content: ContentReference, version: number): Promise<NamedManifest> {
    const found = await this.versions.find(this.database, content, version);
    const manifest = found && (JSON.parse(found.document) as Manifest);
    // Of what is not complete the list of files is there, and a pack is not.
    const complete = found?.version.state === 'available' || !manifest?.files.some(({ pack }) => pack);
    if (found && manifest && complete) return { digest: found.version.manifest, manifest };
    throw new MusterError(
      'not-found',
      'content.unknown-version',
      `${content.kind} "${content.name}" has no version ${version} to compare${manifest ? ': it is not complete yet' : ''}`,
    );
  }
}
