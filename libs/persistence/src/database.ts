import type { Socket } from 'node:net';
import { Pool, type PoolClient, types } from 'pg';

// int8 columns are positions, versions and byte counts: all far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);

/** Values that a query can carry. */
export type SqlValue = string | number | boolean | null | Date | Uint8Array | readonly SqlValue[] | object;

/** Something that runs SQL: the pool (each statement alone) or a transaction. */
export interface Queryable {
  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** An open transaction. */
export interface Transaction extends Queryable {
  /** A statement that is asked all the time: each connection parses and plans it once, under this name (at most 63 characters). */
  prepared<Row extends object = Record<string, unknown>>(
    name: string,
    sql: string,
    values: readonly SqlValue[],
  ): Promise<Row[]>;
  /**
   * All that follows finds rows by their keys. Plans outlive what the tables were like when they were made, those of foreign keys too: one
   * that was made for an empty table reads all of it for every row when it has grown within minutes.
   */
  byKeys(): void;
  /**
   * The last writes of a transaction, whose answers nobody waits for: the commit is sent behind them at once. When one of them fails,
   * so does the transaction.
   */
  last(write: Promise<unknown>): void;
  /** Runs after the commit, never after a rollback: nudges, never state. */
  afterCommit(action: () => void): void;
}

/** The service's own schema in the site's database. */
export class Database implements Queryable {
  private readonly pool: Pool;

  constructor(options: { url: string; schema: string; maximumConnections?: number; onError?: (error: Error) => void }) {
    this.pool = new Pool({
      connectionString: options.url,
      // Statements of one connection are sent without waiting for the answers to those before.
      pipeline: true,
      max: options.maximumConnections ?? 10,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      options: `-c search_path=${options.schema} -c statement_timeout=30000`,
      application_name: options.schema,
    });
    // Without a listener, an idle connection that breaks (Postgres restarted) would end the process.
    this.pool.on('error', options.onError ?? (() => undefined));
  }

  async query<Row extends object>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    const result = await this.pool.query<Row>(sql, [...values]);
    return result.rows;
  }

  /** A statement that is asked all the time: each connection parses and plans it once, under this name. */
  async prepared<Row extends object>(name: string, sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    const result = await this.pool.query<Row>({ name, text: sql, values: [...values] });
    return result.rows;
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    const after: (() => void)[] = [];
    const unanswered: Promise<unknown>[] = [];
    let broken: Error | undefined;
    // A connection that dies between two statements emits an error that nobody else would handle.
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    const together = (): void => sentTogether(client);
    try {
      together();
      unanswered.push(answered(client.query('begin')));
      const result = await work({
        query: async <Row extends object>(sql: string, values: readonly SqlValue[] = []) => {
          together();
          return (await client.query<Row>(sql, [...values])).rows;
        },
        prepared: async <Row extends object>(name: string, text: string, values: readonly SqlValue[]) => {
          together();
          return (await client.query<Row>({ name, text, values: [...values] })).rows;
        },
        byKeys: () => unanswered.push(answered(client.query('set local enable_seqscan = off'))),
        last: (write) => unanswered.push(answered(write)),
        afterCommit: (action) => after.push(action),
      });
      const committed = answered(client.query('commit'));
      await Promise.all(unanswered);
      // Of a transaction in which something failed Postgres makes a rollback, without an error.
      if ((await committed).command !== 'COMMIT')
        throw new Error('the transaction was rolled back instead of committed');
      for (const action of after) action();
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollback: Error) => (broken ??= rollback));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  /** Waits for queries in flight, then closes every connection. */
  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** What is asked in the same turn of the event loop goes to the server in one piece. */
function sentTogether(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** The same; when it fails, that is looked at later. */
function answered<Answer>(promise: Promise<Answer>): Promise<Answer> {
  promise.catch(() => undefined);
  return promise;
}

/** True when trying the same again may succeed: lost connections, restarts of the server, deadlocks, full disks. */
export function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string')
    return (
      error instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
    );
  return (
    /^(08|40|53|57|55P03|58)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code)
  );
}

/** The name of the violated unique or foreign key constraint, if that is what the error is. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return (code === '23505' || code === '23503') && typeof constraint === 'string' ? constraint : undefined;
}
