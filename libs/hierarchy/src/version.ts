/**
 * Names one write of one object: the site where it happened and its hybrid logical stamp, in microseconds. Stamps follow the
 * wall clock but never stand behind what the writer saw of the object, so that a later write that knew of an earlier one is
 * always greater, whatever the clocks of both sites say.
 */
export interface Version {
  readonly site: string;
  readonly stamp: number;
}

/** For each site the newest of its writes of one object that somebody has seen: a version vector. */
export type Seen = Readonly<Record<string, number>>;

/** Above zero when the first is the greater: by stamp, then by site code, so that everybody decides alike. */
export function compareVersions(one: Version, other: Version): number {
  if (one.stamp !== other.stamp) return one.stamp - other.stamp;
  return one.site < other.site ? -1 : one.site > other.site ? 1 : 0;
}

/** Whether who has seen this has seen that write, or a later one of the same site. */
export function hasSeen(seen: Seen, { site, stamp }: Version): boolean {
  return (seen[site] ?? -1) >= stamp;
}

/** What somebody has seen who has seen both. */
export function joinSeen(one: Seen, other: Seen): Seen {
  const joined: Record<string, number> = { ...one };
  for (const [site, stamp] of Object.entries(other)) joined[site] = Math.max(joined[site] ?? -1, stamp);
  return joined;
}

/** Whether both have seen the same. */
export function sameSeen(one: Seen, other: Seen): boolean {
  const sites = Object.keys(one);
  return sites.length === Object.keys(other).length && sites.every((site) => one[site] === other[site]);
}

/**
 * The stamp of a write that happens now. A site that was restored from a backup while its stamps ran ahead of its clock would
 * repeat stamps that others have seen, for other words; chance keeps them apart.
 *
 * @param newest stamp of the object as its writer sees it, if there is one
 * @param chance in [0, 1)
 */
export function nextStamp(nowMilliseconds: number, newest: number | undefined, chance: number): number {
  const byClock = Math.floor(nowMilliseconds) * 1000 + Math.floor(chance * 1000);
  return newest === undefined || byClock > newest ? byClock : newest + 1 + Math.floor(chance * 1_000_000);
}
