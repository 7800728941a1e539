import type { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import * as fc from 'fast-check';
import { randomNumbers } from '../../../test/faults/random.js';
import { askBoth, askDatabase } from './ask-both.js';
import { pattern, patternText } from './random-patterns.js';
import { openQueryDatabase } from './query-database.js';
import { facts, query, quoted } from './random-queries.js';

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

  it('find the same patterns in the same texts', async () => {
    const questions = fc.array(fc.tuple(patternText, pattern), { minLength: 50, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(questions, async (asked) => {
        const queries = asked.map(([one, other]) => `${quoted(one)}.matches(${quoted(other)})`);
        const answers = await askBoth(database, {}, queries);
        expect(answers.filter((one) => one.database !== one.evaluator || one.evaluator === null)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  // Patterns that are exponential for engines that try one way after the other, or large automata; as hostile as the bounds let them be.
  it.each([
    '(a+)+$',
    '(a|aa)+b$',
    '(a*)*b$',
    '(a|b)*a(a|b){99}$',
    '(.*a){99}$',
    '(a?){99}a{99}b$',
    '(.*.*.*.*.*.*.*.*)*ba$',
    '([ab]*a[ab]{40}|[ab]*b[ab]{41}|a.{50}b)*a$',
    '(|a|b|ab){100}a$',
    '((((((((a|b)*a)*b)*a)*b)*a)*b)*a)*b$',
    '(^a|b$|a*|b*)*a$',
    '(?i)([a-z0-9_. -]{1,100}){4}$',
  ])('are done soon with the longest text for %s', async (hostile) => {
    const random = randomNumbers(7);
    const texts = ['a'.repeat(3999), Array.from({ length: 3999 }, () => (random() < 0.5 ? 'a' : 'b')).join('')];
    for (const hostname of texts) {
      const before = performance.now();
      const [answer] = await askDatabase(database, { hostname }, [`(hostname + "!").matches(${quoted(hostile)})`]);
      expect(answer).toBe(false);
      // Milliseconds; what goes back and tries again would need longer than the sun has.
      expect(performance.now() - before).toBeLessThan(2000);
    }
  });
});
