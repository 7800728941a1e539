import { compareVersions, hasSeen, joinSeen, nextStamp, sameSeen, type Seen, type Version } from './version.js';
import { sameValue } from './same-value.js';

/** What one site knows of one replicated object. Merging two of them is a join: any order, any repetition, one result. */
export interface Replica<Content = unknown> {
  /** The write that counts: the greatest of all that were seen. */
  readonly version: Version;
  /** What the writer of that version had seen of the object. */
  readonly basis: Seen;
  /** Everything that was merged into this, the version itself included. */
  readonly seen: Seen;
  /** null: deleted. What was deleted must be remembered, or a site that was away would bring it back. */
  readonly content: Content | null;
}

/** A write that its winner did not know: it is kept beside the object, for a person to look at. */
export interface LostWrite<Content = unknown> {
  readonly version: Version;
  readonly basis: Seen;
  readonly content: Content | null;
}

/** What becomes of an object when a site hears of it. */
export interface Merged<Content = unknown> {
  readonly replica: Replica<Content>;
  /** `content`: the object is another one now; `seen`: only more is known about its past; `nothing`: it was known. */
  readonly changed: 'nothing' | 'seen' | 'content';
  readonly lost?: LostWrite<Content>;
}

/** Where and when a write happens. */
export interface Writing {
  readonly site: string;
  readonly nowMilliseconds: number;
  /** In [0, 1). */
  readonly chance: number;
}

/** A write at this site: it supersedes everything that the site has seen of the object. */
export function writeReplica<Content>(
  current: Replica<Content> | undefined,
  content: Content | null,
  { site, nowMilliseconds, chance }: Writing,
): Replica<Content> {
  const version = { site, stamp: nextStamp(nowMilliseconds, current?.version.stamp, chance) };
  const basis = current?.seen ?? {};
  return { version, basis, seen: joinSeen(basis, { [site]: version.stamp }), content };
}

/**
 * A write from before its site could read what others say of the object, recorded only now. It wins; whoever has what it did not know
 * finds that lost, and keeps it.
 */
export function writeUnaware<Content>(
  current: Replica<Content> | undefined,
  content: Content,
  writing: Writing,
): Replica<Content> {
  return { ...writeReplica(current, content, writing), basis: {} };
}

/**
 * Takes in what another site knows of an object. The greater version wins on every site; the other one is lost where the winner's
 * writer had not seen it and it says something else.
 */
export function mergeReplica<Content>(
  current: Replica<Content> | undefined,
  incoming: Replica<Content>,
): Merged<Content> {
  if (!current) return { replica: incoming, changed: 'content' };
  const order = compareVersions(incoming.version, current.version);
  const seen = joinSeen(current.seen, incoming.seen);
  const [winner, loser] = order > 0 ? [incoming, current] : [current, incoming];
  const replica = { ...winner, seen };
  const changed = order > 0 ? 'content' : sameSeen(seen, current.seen) ? 'nothing' : 'seen';
  if (order === 0 || isKnown(loser, winner)) return { replica, changed };
  const { version, basis, content } = loser;
  return { replica, changed, lost: { version, basis, content } };
}

/** Kept beside its object under the name that `lostWriteKey` makes: the same record at every site that notices the loss. */
export function lostWriteReplica<Content>(lost: LostWrite<Content>): Replica<LostWrite<Content>> {
  const { version } = lost;
  return { version, basis: {}, seen: { [version.site]: version.stamp }, content: lost };
}

/** The name of the record of a lost write. */
export function lostWriteKey(kind: string, key: string, { site, stamp }: Version): string {
  return `${kind}/${key}/${site}-${stamp}`;
}

function isKnown(loser: Replica, winner: Replica): boolean {
  return hasSeen(winner.basis, loser.version) || sameValue(words(loser.content), words(winner.content));
}

/** Two people who wrote the same at once are not in conflict: who wrote it (`savedBy`), and why, stands beside the words. */
function words(content: unknown): unknown {
  if (typeof content !== 'object' || content === null || !('savedBy' in content)) return content;
  const { savedBy: _savedBy, ...rest } = content;
  return rest;
}
