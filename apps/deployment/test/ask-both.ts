import type { Queryable, SqlValue } from '@muster/persistence/database.js';
import { evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { compileQuery } from '../src/membership/query-sql.js';

/** What both say to a query: true, false, or null for no answer. */
export interface TwoAnswers {
  readonly query: string;
  readonly database: boolean | null;
  readonly evaluator: boolean | null;
}

/** Asks the database in SQL, and the evaluator that computers use, the same of one computer. */
export async function askBoth(database: Queryable, facts: Facts, queries: readonly string[]): Promise<TwoAnswers[]> {
  const answers = await askDatabase(database, facts, queries);
  return queries.map((query, index) => {
    const told = evaluateFactsQuery(query, facts);
    return { query, database: answers[index] ?? null, evaluator: 'result' in told ? told.result : null };
  });
}

/** True, false, or null for no answer, of each query. */
export async function askDatabase(
  database: Queryable,
  facts: Facts,
  queries: readonly string[],
): Promise<(boolean | null)[]> {
  const values: SqlValue[] = [JSON.stringify({ facts })];
  const answers = queries.map((query) => compileQuery(query, (value) => `$${values.push(value)}`).sql);
  const [row] = await database.query<{ answers: (boolean | null)[] }>(
    `select array[${answers.join(', ')}]::boolean[] as answers from (select $1::jsonb as status) as device`,
    values,
  );
  return row?.answers ?? [];
}
