import { NEW_READER, START, type Reader, type ReadingPlace } from '@muster/hierarchy/link.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** How the link to a neighbour is, as this service last saw it. */
export interface LinkRecord {
  readonly peer: string;
  readonly failedAttempts: number;
  readonly lastError: string | null;
  readonly succeededAt: Date | null;
  /** When everything that the neighbour had was here. */
  readonly levelAt: Date | null;
  /** About how many changes wait at the neighbour. */
  readonly backlog: number;
  readonly clockAheadMilliseconds: number;
  readonly verifiedAt: Date | null;
  readonly differences: number | null;
}

/** What an attempt to read a neighbour's feed gave. */
export interface Attempt {
  readonly backlog: number;
  /** Nothing is left to be read. */
  readonly level: boolean;
  readonly clockAheadMilliseconds: number;
}

interface PlaceRow {
  life: string | null;
  transaction: number;
  sequence: number;
}

const PLACE = 'cursor_life as life, cursor_transaction as transaction, cursor_sequence as sequence';

/** Where one begins to read. */
export const BEGINNING: ReadingPlace = { life: null, after: START };

/** Another process, or a restored site, changed where a feed is read while an answer was taken in: ask again. */
export class PlaceMoved extends Error {
  /** As Postgres calls it: serialization failure, so that callers see that trying again helps. */
  readonly code = '40001';
}

/** Positions and state of the links of this service. */
export class LinkRepository {
  async place(database: Queryable, peer: string): Promise<ReadingPlace> {
    return toPlace(await database.query<PlaceRow>(`select ${PLACE} from replica_link where peer = $1`, [peer]));
  }

  /**
   * The place, in turn: replicas of a service take in one answer of a neighbour after the other. The row is free meanwhile: the
   * service writes into it what it gives that same neighbour.
   */
  async placeInTurn(tx: Transaction, peer: string): Promise<ReadingPlace> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '.link.' || $1, 0))`, [peer]);
    return this.place(tx, peer);
  }

  /** Throws PlaceMoved where the place is not `from` any more. */
  async movePlace(tx: Transaction, peer: string, from: ReadingPlace, to: ReadingPlace): Promise<void> {
    const moved = await tx.query(
      `insert into replica_link as link (peer, cursor_life, cursor_transaction, cursor_sequence) values ($1, $2, $3, $4)
       on conflict (peer) do update set cursor_life = excluded.cursor_life, cursor_transaction = excluded.cursor_transaction,
         cursor_sequence = excluded.cursor_sequence
       where link.cursor_life is not distinct from $5 and link.cursor_transaction = $6 and link.cursor_sequence = $7
       returning 1 as one`,
      [peer, to.life, to.after.transaction, to.after.sequence, from.life, from.after.transaction, from.after.sequence],
    );
    if (moved.length === 0) throw new PlaceMoved(`the feed of ${peer} is read from another place meanwhile`);
  }

  /** One process of the service reads a neighbour's feed. Returns whether it is this one, for so long from now on. */
  async takeTurn(database: Queryable, peer: string, reader: string, milliseconds: number): Promise<boolean> {
    const values = [peer, reader, milliseconds];
    const until = `now() + make_interval(secs => $3::float8 / 1000)`;
    const taken = await database.query(
      `update replica_link set reader = $2, reader_until = ${until}
       where peer = $1 and (reader is null or reader = $2 or reader_until < now()) returning 1 as one`,
      values,
    );
    if (taken.length > 0) return true;
    const made = await database.query(
      `insert into replica_link (peer, reader, reader_until) values ($1, $2, ${until}) on conflict do nothing returning 1 as one`,
      values,
    );
    return made.length > 0;
  }

  async leaveTurn(database: Queryable, peer: string, reader: string): Promise<void> {
    await database.query('update replica_link set reader = null where peer = $1 and reader = $2', [peer, reader]);
  }

  /** Every neighbour's feed is read from its beginning again, and none has been given anything in this life. */
  async forgetPlaces(tx: Transaction): Promise<void> {
    await tx.query(
      `update replica_link set cursor_life = null, cursor_transaction = 0, cursor_sequence = 0,
         given_transaction = 0, given_sequence = 0, everything_transaction = 0, everything_sequence = 0`,
    );
  }

  async reader(database: Queryable, peer: string): Promise<Reader> {
    const [row] = await database.query<{ gt: number; gs: number; et: number; es: number }>(
      `select given_transaction as gt, given_sequence as gs, everything_transaction as et, everything_sequence as es
       from replica_link where peer = $1`,
      [peer],
    );
    if (!row) return NEW_READER;
    return {
      given: { transaction: row.gt, sequence: row.gs },
      everythingUntil: { transaction: row.et, sequence: row.es },
    };
  }

  /** Returns false, and writes nothing, where the reader is another one by now than `before`. */
  async saveReader(database: Queryable, peer: string, { given, everythingUntil }: Reader, before: Reader) {
    const saved = await database.query(
      `insert into replica_link as link (peer, given_transaction, given_sequence, everything_transaction, everything_sequence)
       values ($1, $2, $3, $4, $5) on conflict (peer) do update
       set given_transaction = excluded.given_transaction, given_sequence = excluded.given_sequence,
         everything_transaction = excluded.everything_transaction, everything_sequence = excluded.everything_sequence
       where link.given_transaction = $6 and link.given_sequence = $7
         and link.everything_transaction = $8 and link.everything_sequence = $9
       returning 1 as one`,
      [
        peer,
        given.transaction,
        given.sequence,
        everythingUntil.transaction,
        everythingUntil.sequence,
        before.given.transaction,
        before.given.sequence,
        before.everythingUntil.transaction,
        before.everythingUntil.sequence,
      ],
    );
    return saved.length > 0;
  }

  async succeeded(database: Queryable, peer: string, attempt: Attempt): Promise<void> {
    await database.query(
      `insert into replica_link as link (peer, succeeded_at, backlog, level_at, clock_ahead_milliseconds)
       values ($1, now(), $2, case when $3 then now() end, $4) on conflict (peer)
       do update set failed_attempts = 0, last_error = null, succeeded_at = now(), backlog = excluded.backlog,
         level_at = coalesce(excluded.level_at, link.level_at), clock_ahead_milliseconds = excluded.clock_ahead_milliseconds`,
      [peer, attempt.backlog, attempt.level, attempt.clockAheadMilliseconds],
    );
  }

  async failed(database: Queryable, peer: string, error: string): Promise<void> {
    await database.query(
      `insert into replica_link (peer, failed_attempts, last_error) values ($1, 1, $2) on conflict (peer)
       do update set failed_attempts = replica_link.failed_attempts + 1, last_error = excluded.last_error`,
      [peer, error],
    );
  }

  async verified(database: Queryable, peer: string, differences: number): Promise<void> {
    await database.query('update replica_link set verified_at = now(), differences = $2 where peer = $1', [
      peer,
      differences,
    ]);
  }

  /** Neighbours whose feeds are read to the end, and that were compared longer ago than this, or never. */
  async dueForComparison(database: Queryable, milliseconds: number): Promise<string[]> {
    const rows = await database.query<{ peer: string }>(
      `select peer from replica_link where failed_attempts = 0 and backlog = 0 and level_at is not null
         and (verified_at is null or verified_at < now() - make_interval(secs => $1::float8 / 1000)) order by peer`,
      [milliseconds],
    );
    return rows.map(({ peer }) => peer);
  }

  async list(database: Queryable): Promise<LinkRecord[]> {
    return database.query<LinkRecord>(
      `select peer, failed_attempts as "failedAttempts", last_error as "lastError", succeeded_at as "succeededAt",
         level_at as "levelAt", backlog, clock_ahead_milliseconds as "clockAheadMilliseconds",
         verified_at as "verifiedAt", differences from replica_link order by peer`,
    );
  }
}

function toPlace([row]: PlaceRow[]): ReadingPlace {
  return row ? { life: row.life, after: { transaction: row.transaction, sequence: row.sequence } } : BEGINNING;
}
