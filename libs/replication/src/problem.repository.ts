import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { ReplicaName } from './replica.repository.js';

/** Code of what waits for a release that knows its kind. */
export const UNKNOWN_KIND = 'hierarchy.unknown-kind';

/** A replicated object that this site cannot put to use, and why. */
export interface ReplicaProblem extends ReplicaName {
  readonly code: string;
  readonly message: string;
  readonly since: Date;
}

/** What a neighbour sent that could not be taken in. */
export interface ParkedEntry {
  readonly peer: string;
  readonly error: string;
  readonly parkedAt: Date;
}

/** What stands in the way: objects that wait, and entries that were put aside. */
export class ProblemRepository {
  async add(tx: Transaction, name: ReplicaName, code: string, message: string): Promise<void> {
    await this.addMany(tx, [name], code, message);
  }

  /** The same is in the way of all of them; each once. */
  async addMany(tx: Transaction, names: readonly ReplicaName[], code: string, message: string): Promise<void> {
    await tx.query(
      `insert into replica_problem (kind, key, code, message)
       select kind, key, $3, $4 from unnest($1::text[], $2::text[]) as named (kind, key)
       on conflict (kind, key) do update set code = excluded.code, message = excluded.message,
         attempts = replica_problem.attempts + 1, tried_at = now()`,
      [names.map(({ kind }) => kind), names.map(({ key }) => key), code, message],
    );
  }

  /** Whether an object waits for a release that knows its kind. */
  async isOfUnknownKind(tx: Transaction, { kind, key }: ReplicaName): Promise<boolean> {
    const rows = await tx.query('select from replica_problem where kind = $1 and key = $2 and code = $3', [
      kind,
      key,
      UNKNOWN_KIND,
    ]);
    return rows.length > 0;
  }

  /** These are in use now, or superseded. */
  async solve(tx: Transaction, names: readonly ReplicaName[]): Promise<void> {
    await tx.query(
      `delete from replica_problem using unnest($1::text[], $2::text[]) as solved (solved_kind, solved_key)
       where kind = solved_kind and key = solved_key`,
      [names.map(({ kind }) => kind), names.map(({ key }) => key)],
    );
  }

  /**
   * Those that wait longest for another try. Not what waits for a release that knows its kind: it may be much, and for weeks.
   *
   * @param kinds those that this release knows
   */
  async oldest(database: Queryable, kinds: readonly string[], limit: number): Promise<ReplicaName[]> {
    return database.query(
      'select kind, key from replica_problem where code <> $1 or kind = any($2::text[]) order by tried_at limit $3',
      [UNKNOWN_KIND, kinds, limit],
    );
  }

  async list(database: Queryable, limit: number): Promise<ReplicaProblem[]> {
    return database.query(
      'select kind, key, code, message, since from replica_problem order by since, kind, key limit $1',
      [limit],
    );
  }

  async park(
    tx: Transaction,
    peer: string,
    place: { transaction: number; sequence: number },
    entry: unknown,
    error: string,
  ) {
    await tx.query(
      `insert into replica_parked (peer, transaction, sequence, entry, error) values ($1, $2, $3, $4, $5)
       on conflict (peer, transaction, sequence) do update set entry = excluded.entry, error = excluded.error`,
      [peer, place.transaction, place.sequence, JSON.stringify(entry), error],
    );
  }

  async parked(database: Queryable, limit: number): Promise<ParkedEntry[]> {
    return database.query(
      'select peer, error, parked_at as "parkedAt" from replica_parked order by parked_at desc limit $1',
      [limit],
    );
  }

  async counts(database: Queryable): Promise<{ problems: number; parked: number }> {
    const [row] = await database.query<{ problems: number; parked: number }>(
      `select (select count(*) from replica_problem)::int as problems, (select count(*) from replica_parked)::int as parked`,
    );
    return row ?? { problems: 0, parked: 0 };
  }
}
