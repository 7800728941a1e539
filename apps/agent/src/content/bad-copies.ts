import type { ContentFault } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentLocations } from '../http/site-api.js';

/** An address of a file. `point` is undefined where the site does not name the points of its addresses. */
export interface ContentSource {
  readonly url: string;
  readonly point: string | undefined;
}

/** The sources of each file, in the site's order: best first. */
export function sourcesOf({ locations }: ContentLocations): Map<Digest, readonly ContentSource[]> {
  return new Map(
    locations.map(({ digest, urls, points }) => [digest, urls.map((url, index) => ({ url, point: points?.[index] }))]),
  );
}

/**
 * Which points gave a bad copy of which file while one version is fetched. Such a point is asked last for that file from then on, and
 * only for that file: a copy that is repaired meanwhile is found again, and a bad one never comes before a good one.
 */
export class BadCopies {
  private readonly noted = new Map<string, ContentFault>();
  private readonly unsent: ContentFault[] = [];

  constructor(private readonly manifest: Digest) {}

  /** Notes a bad copy; once for each file and point, the first problem counts. */
  note(digest: Digest, { url, point }: ContentSource, problem: ContentFault['problem']): void {
    const key = keyOf(digest, { url, point });
    if (this.noted.has(key)) return;
    const fault = { manifest: this.manifest, digest, point: point ?? '', problem };
    this.noted.set(key, fault);
    // A site that does not name its points cannot be told of one.
    if (point !== undefined) this.unsent.push(fault);
  }

  /** The sources of a file, those with a bad copy behind the others; the order is kept otherwise. */
  order(digest: Digest, sources: readonly ContentSource[]): ContentSource[] {
    const isBad = (source: ContentSource): boolean => this.noted.has(keyOf(digest, source));
    return [...sources.filter((source) => !isBad(source)), ...sources.filter(isBad)];
  }

  /** At most `limit` faults that the site has not been told of; they count as told. */
  take(limit: number): ContentFault[] {
    return this.unsent.splice(0, limit);
  }
}

/** Addresses change with every question (they are signed anew), the point and what stands before the query do not. */
function keyOf(digest: Digest, { url, point }: ContentSource): string {
  return `${digest} ${point ?? url.replace(/\?.*$/s, '')}`;
}
