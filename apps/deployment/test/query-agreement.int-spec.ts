import type { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import * as fc from 'fast-check';
import { askBoth } from './ask-both.js';
import { openQueryDatabase } from './query-database.js';
import { facts, query } from './random-queries.js';

describe('a query in SQL and the evaluator of computers', () => {
  let servers: TestServers;
  let database: Database;

  beforeAll(async () => {
    servers = await startServers();
    database = await openQueryDatabase(servers);
  });

  afterAll(async () => {
    await database?.close();
    await servers?.stop();
  });

  it('come to the same, and have no answer to the same, with arithmetic, texts and numbers at their limits', async () => {
    await fc.assert(
      fc.asyncProperty(facts, fc.array(query, { minLength: 20, maxLength: 20 }), async (known, queries) => {
        const answers = await askBoth(database, known, queries);
        expect(answers.filter((one) => one.database !== one.evaluator)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
