import { createHash } from 'node:crypto';
import { bucketsAnswerSchema, digestsAnswerSchema, type Digest } from '@muster/contracts/links/link-messages.js';
import type { Database } from '@muster/persistence/database.js';
import type { Hierarchy, KnownSite } from './hierarchy.repository.js';
import type { Intake } from './intake.js';
import type { LinkPort } from './link-port.js';
import { LinkRepository } from './link.repository.js';
import { ReplicaRepository, type ReplicaName } from './replica.repository.js';

/** What a comparison with a neighbour found. */
export interface Compared {
  readonly peer: string;
  /** Objects that one of both had otherwise, or not at all. */
  readonly differences: (ReplicaName & { readonly here: string; readonly there: string })[];
  /** Objects that changed here because of it. */
  readonly repaired: number;
  /** Why this neighbour could not be compared, or not to the end. */
  readonly error: string | null;
}

const PAGE = 1_000;
const MOST_LISTED = 1_000;
const MISSING = 'missing';

/** Compares what two sites have, by digests of buckets, and mends what differs on both sides. */
export class Comparison {
  private readonly replicas = new ReplicaRepository();
  private readonly links = new LinkRepository();

  constructor(
    private readonly database: Database,
    private readonly port: LinkPort,
    private readonly intake: Intake,
    private readonly hierarchy: () => Hierarchy,
  ) {}

  /** @param repair false: only look */
  async compare(peer: KnownSite, repair: boolean): Promise<Compared> {
    const owners = this.hierarchy().ownersOver(peer);
    const { digests: there } = await this.port.ask(peer, 'digests', {}, digestsAnswerSchema);
    const here = await this.replicas.digests(this.database, owners);
    const differences: Compared['differences'][number][] = [];
    let repaired = 0;
    for (const [kind, buckets] of differing(here, there)) {
      const found = await this.compareBuckets(peer, kind, buckets, owners, repair);
      differences.push(...found.differences.slice(0, MOST_LISTED - differences.length));
      repaired += found.repaired;
    }
    await this.links.verified(this.database, peer.code, differences.length);
    return { peer: peer.code, differences, repaired, error: null };
  }

  private async compareBuckets(
    peer: KnownSite,
    kind: string,
    buckets: readonly number[],
    owners: readonly string[],
    repair: boolean,
  ): Promise<Pick<Compared, 'differences' | 'repaired'>> {
    const theirs = new Map<string, { version: string; entry: unknown }>();
    for (let afterKey = ''; ;) {
      const question = { kind, buckets, afterKey, limit: PAGE };
      const { entries, lastKey } = await this.port.ask(peer, 'buckets', question, bucketsAnswerSchema);
      for (const entry of entries) theirs.set((entry as ReplicaName).key, { version: versionOf(entry), entry });
      if (lastKey === null) break;
      afterKey = lastKey;
    }
    const ours = new Map<string, string>();
    for (let afterKey = ''; ;) {
      const page = await this.replicas.buckets(this.database, { kind, buckets, afterKey, limit: PAGE, owners });
      for (const text of page.entries) {
        const entry = JSON.parse(text) as ReplicaName;
        ours.set(entry.key, versionOf(entry));
      }
      if (page.lastKey === null) break;
      afterKey = page.lastKey;
    }
    const keys = [...new Set([...ours.keys(), ...theirs.keys()])].filter(
      (key) => ours.get(key) !== theirs.get(key)?.version,
    );
    const differences = keys.map((key) => {
      return { kind, key, here: ours.get(key) ?? MISSING, there: theirs.get(key)?.version ?? MISSING };
    });
    let repaired = 0;
    if (repair && keys.length > 0) {
      const entries = keys.flatMap((key) => theirs.get(key)?.entry ?? []);
      repaired = await this.intake.repair(entries, peer.code, this.hierarchy());
      // What the neighbour lacks it hears by the feed, like everything else.
      const names = keys.filter((key) => ours.has(key)).map((key) => ({ kind, key }));
      await this.database.transaction((tx) => this.replicas.tellAgain(tx, names));
    }
    return { differences, repaired };
  }
}

function differing(here: readonly Digest[], there: readonly Digest[]): Map<string, number[]> {
  const name = ({ kind, bucket }: Digest): string => `${kind}/${bucket}`;
  const ours = new Map(here.map((digest) => [name(digest), digest]));
  const theirs = new Map(there.map((digest) => [name(digest), digest]));
  const found = new Map<string, number[]>();
  for (const one of new Map([...ours, ...theirs]).values()) {
    if (ours.get(name(one))?.digest === theirs.get(name(one))?.digest) continue;
    found.set(one.kind, [...(found.get(one.kind) ?? []), one.bucket]);
  }
  return found;
}

/** In words that two people can compare. */
function versionOf(entry: unknown): string {
  const { site, stamp, seen, content } = entry as { site: string; stamp: number; seen: object; content: unknown };
  const sites = Object.entries(seen).sort(([one], [other]) => (one < other ? -1 : 1));
  const digest = createHash('md5').update(JSON.stringify(content)).digest('hex').slice(0, 8);
  return `${site}-${stamp}${content === null ? ' (deleted)' : ` (${digest})`} of ${sites.map(([code, at]) => `${code}:${at}`).join(' ')}`;
}
