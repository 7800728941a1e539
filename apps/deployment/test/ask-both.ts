import type { Database, SqlValue } from '@muster/persistence/database.js';
import { evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import type { QueriedFacts } from '@muster/sequence/conditions/facts-schema.js';
import { v7 as uuidv7 } from 'uuid';
import { compileQuery } from '../src/membership/query-sql.js';
import { EntryTests } from '../src/membership/software-sql.js';
import { SoftwareRepository } from '../src/software/software.repository.js';

/** How the database is asked: as of the whole fleet, of some devices, or of one with all queries together. */
export type Asked = 'fleet' | 'some' | 'one';

/** What both say to a query: true, false, or null for no answer. */
export interface TwoAnswers {
  readonly query: string;
  readonly audience: Asked;
  readonly database: boolean | null;
  readonly evaluator: boolean | null;
}

/**
 * Asks the database in SQL, and the evaluator that computers use, the same of one computer: in the SQL for the whole fleet, in that for
 * some devices, and in that for one.
 */
export async function askBoth(
  database: Database,
  known: QueriedFacts,
  queries: readonly string[],
): Promise<TwoAnswers[]> {
  const answers = {
    fleet: await askDatabase(database, known, queries),
    some: await askDatabase(database, known, queries, 'some'),
    one: await askDatabase(database, known, queries, 'one'),
  };
  return queries.flatMap((query, index) => {
    const told = evaluateFactsQuery(query, known);
    const evaluator = 'result' in told ? told.result : null;
    return (['fleet', 'some', 'one'] as const).map((audience) => {
      return { query, audience, database: answers[audience][index] ?? null, evaluator };
    });
  });
}

/** True, false, or null for no answer, of each query. */
export async function askDatabase(
  database: Database,
  { software, ...facts }: QueriedFacts,
  queries: readonly string[],
  audience: Asked = 'fleet',
): Promise<(boolean | null)[]> {
  const uid = uuidv7();
  const values: SqlValue[] = [JSON.stringify({ facts }), uid];
  const tests = new EntryTests();
  const compiledFor = audience === 'one' ? tests : audience;
  const answers = queries.map((query) => compileQuery(query, (value) => `$${values.push(value)}`, compiledFor).sql);
  return database.transaction(async (tx) => {
    if (software) await new SoftwareRepository().replace(tx, uid, { software, leftOut: 0 }, new Date().toISOString());
    const [row] = await tx.query<{ answers: (boolean | null)[] }>(
      `select array[${answers.join(', ')}]::boolean[] as answers from (select $1::jsonb as status, $2::uuid as uid) as device ${tests.join}`,
      values,
    );
    return row?.answers ?? [];
  });
}
