/**
 * A place in the feed of a site: the transaction that wrote an object last, and its number among all writes. Transactions are
 * numbered when they begin and may commit in another order; readers therefore stop before the oldest that is still open.
 */
export interface Position {
  readonly transaction: number;
  readonly sequence: number;
}

/** Before everything. Every object is in the feed once, at its last write, so reading from here is reading a whole snapshot. */
export const START: Position = { transaction: 0, sequence: 0 };

/** Above zero when the first is later. */
export function comparePositions(one: Position, other: Position): number {
  return one.transaction - other.transaction || one.sequence - other.sequence;
}

/** What a site remembers of another one that reads its feed. */
export interface Reader {
  /** The furthest position that it was given. */
  readonly given: Position;
  /** Up to here it gets also what it once sent itself: it may have lost it. */
  readonly everythingUntil: Position;
}

/** A reader that has read nothing. */
export const NEW_READER: Reader = { given: START, everythingUntil: START };

/** A site's feed as it is now. Its life has another name after the site was restored: positions of before mean nothing then. */
export interface Feed {
  readonly life: string;
  /** Lives that are over. */
  readonly former: readonly string[];
  /** Behind everything that is written or begun, also what nobody may read yet because an older transaction is open. */
  readonly head: Position;
}

/** Where a reader wants to go on; it knows no life before its first answer. */
export interface ReadingPlace {
  readonly life: string | null;
  readonly after: Position;
}

/**
 * What to do with a request to read on.
 *
 * Who stands behind what it was given, or at the start, may have forgotten even its own writes (it was restored from a backup):
 * up to the head of now it gets everything. Who stands beyond what it was given knows more than this site, which then was `restored`
 * itself: it begins another life, and reads everything of its neighbours again. So it does where a reader knows a life of which this
 * site knows nothing: that one began after the backup. Who knows a life that is over begins anew.
 */
export function judgeReader(
  reader: Reader,
  { life, after }: ReadingPlace,
  feed: Feed,
): { beginAnew: boolean; restored: boolean; reader: Reader } {
  if (life !== null && life !== feed.life) {
    const restored = !feed.former.includes(life);
    return { beginAnew: true, restored, reader: restored ? NEW_READER : reader };
  }
  const order = comparePositions(after, reader.given);
  if (order > 0) return { beginAnew: true, restored: true, reader: NEW_READER };
  const forgot = order < 0 || comparePositions(after, START) === 0;
  // What it was given counts from here again: if this site is restored meanwhile, the reader must be found beyond it.
  const next = forgot ? { given: after, everythingUntil: feed.head } : reader;
  return { beginAnew: false, restored: false, reader: next };
}

/** The reader was given what is there up to a position. Answers may be sent late and in any order: none takes it back; only judgeReader does. */
export function readerGiven(reader: Reader, upto: Position): Reader {
  return comparePositions(upto, reader.given) > 0 ? { ...reader, given: upto } : reader;
}

/** How a link is: by its consecutive attempts that failed. */
export type LinkState = 'active' | 'degraded' | 'failed';

/** From how many failed attempts on. */
export interface LinkThresholds {
  readonly degraded: number;
  readonly failed: number;
}

export const LINK_THRESHOLDS: LinkThresholds = { degraded: 12, failed: 24 };

export function linkState(failedAttempts: number, thresholds: LinkThresholds = LINK_THRESHOLDS): LinkState {
  if (failedAttempts >= thresholds.failed) return 'failed';
  return failedAttempts >= thresholds.degraded ? 'degraded' : 'active';
}
