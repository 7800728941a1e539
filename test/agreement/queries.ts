import { parseArgs } from 'node:util';
import { startServers } from '@muster/testing/servers.js';
import * as fc from 'fast-check';
import { askBoth } from '../../apps/deployment/test/ask-both.js';
import { openQueryDatabase } from '../../apps/deployment/test/query-database.js';
import { pattern, patternText } from '../../apps/deployment/test/random-patterns.js';
import { facts, query, quoted } from '../../apps/deployment/test/random-queries.js';
import { anySeed } from '../faults/random.js';
import { wholeNumber } from '../faults/whole-number.js';

const help = `npm run queries:agreement [-- --cases 20000 --seed N]

Queries of collections over facts of a computer, both made at random; every other one looks for a pattern in a text. Of each: what Postgres says to what the query was compiled to, beside
what the evaluator says that computers use: true, false, or no answer. The first disagreement is made smaller and printed, and ends it with 1.`;

const AT_ONCE = 20;
const search = fc.tuple(patternText, pattern).map(([text, one]) => `${quoted(text)}.matches(${quoted(one)})`);
const { values } = parseArgs({
  options: { cases: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const cases = wholeNumber(values.cases, 20_000, 'cases');
const seed = wholeNumber(values.seed, anySeed(), 'seed');

const servers = await startServers();
const database = await openQueryDatabase(servers);
const told = new Map<string, number>();
try {
  const property = fc.asyncProperty(
    facts,
    fc.array(fc.oneof(query, search), { minLength: AT_ONCE, maxLength: AT_ONCE }),
    async (known, queries) => {
      const answers = await askBoth(database, known, queries);
      const wrong = answers.find((one) => one.database !== one.evaluator);
      if (wrong) throw new Error(JSON.stringify(wrong));
      for (const { database: said } of answers) {
        const word = said === null ? 'no answer' : String(said);
        told.set(word, (told.get(word) ?? 0) + 1);
      }
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(cases / AT_ONCE), seed });
  const counts = [...told].map(([word, count]) => `${word} ${count}`).join(', ');
  process.stdout.write(
    `Postgres and the evaluator agree on ${cases} queries, of all devices and of some (seed ${seed}): ${counts}\n`,
  );
} catch (error) {
  process.stdout.write(`they disagree: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
  await servers.stop();
}
