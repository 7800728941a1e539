import type { Database, SqlValue } from '@muster/persistence/database.js';
import { evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import type { QueriedFacts } from '@muster/sequence/conditions/facts-schema.js';
import { v7 as uuidv7 } from 'uuid';
import { compileQuery } from '../src/membership/query-sql.js';
import type { Audience } from '../src/membership/software-sql.js';
import { SoftwareRepository } from '../src/software/software.repository.js';

/** What both say to a query: true, false, or null for no answer. */
export interface TwoAnswers {
  readonly query: string;
  readonly audience: Audience;
  readonly database: boolean | null;
  readonly evaluator: boolean | null;
}

/**
 * Asks the database in SQL, and the evaluator that computers use, the same of one computer: in the SQL for the whole fleet, and in that for
 * some devices.
 */
export async function askBoth(
  database: Database,
  { software, ...facts }: QueriedFacts,
  queries: readonly string[],
): Promise<TwoAnswers[]> {
  const uid = uuidv7();
  return database.transaction(async (tx) => {
    const told = { software: software ?? [], leftOut: 0 };
    if (software) await new SoftwareRepository().replace(tx, uid, told, new Date().toISOString());
    const found: TwoAnswers[] = [];
    for (const audience of ['fleet', 'some'] as const) {
      const values: SqlValue[] = [JSON.stringify({ facts }), uid];
      const answers = queries.map((query) => compileQuery(query, (value) => `$${values.push(value)}`, audience).sql);
      const [row] = await tx.query<{ answers: (boolean | null)[] }>(
        `select array[${answers.join(', ')}]::boolean[] as answers from (select $1::jsonb as status, $2::uuid as uid) as device`,
        values,
      );
      for (const [index, query] of queries.entries()) {
        const said = evaluateFactsQuery(query, { ...facts, ...(software ? { software } : {}) });
        const evaluator = 'result' in said ? said.result : null;
        found.push({ query, audience, database: row?.answers[index] ?? null, evaluator });
      }
    }
    return found;
  });
}
