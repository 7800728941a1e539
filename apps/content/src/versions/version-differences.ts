import type { Manifest } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { type ComparedVersions, compareVersions, type KeptChanges } from './compare-versions.js';
import type { ReadFile } from './version-files.js';

/** A version, by the digest that names it. */
export interface NamedManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
}

interface Kept extends KeptChanges {
  readonly compared: Promise<ComparedVersions>;
}

/** So many changes are in memory for the pages that will be asked for next: some ten megabytes. */
const MOST_CHANGES = 50_000;
/** Differences are kept for so many pairs of versions. */
const MOST_KEPT = 3;

/**
 * Differences of versions, which never change: who pages through one does not have two packs read again for every page. One is worked out at a
 * time, because packs may have gigabytes.
 */
export class VersionDifferences {
  private readonly kept = new Map<string, Kept>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly read: ReadFile,
    private readonly mostChanges = MOST_CHANGES,
  ) {}

  /**
   * What two versions differ in, with a page of the changes, of those from `first` on. The page may be shorter only where they end.
   *
   * @throws as {@link compareVersions}
   */
  async find(from: NamedManifest, to: NamedManifest, page: KeptChanges): Promise<ComparedVersions> {
    const key = `${from.digest} ${to.digest}`;
    let kept = this.kept.get(key);
    if (!kept || page.first < kept.first || page.first + page.most > kept.first + kept.most)
      kept = this.compare(from.manifest, to.manifest, { first: page.first, most: this.mostChanges });
    // The one that was asked for last goes last.
    this.kept.delete(key);
    this.kept.set(key, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT) this.kept.delete(oldest!);
    try {
      const { changes, ...compared } = await kept.compared;
      const begin = page.first - kept.first;
      return { ...compared, changes: changes.slice(begin, begin + page.most) };
    } catch (error) {
      if (this.kept.get(key) === kept) this.kept.delete(key);
      throw error;
    }
  }

  private compare(from: Manifest, to: Manifest, keep: KeptChanges): Kept {
    const compared = this.last.then(() => compareVersions(from, to, this.read, keep));
    this.last = compared.catch(() => undefined);
    return { ...keep, compared };
  }
}
