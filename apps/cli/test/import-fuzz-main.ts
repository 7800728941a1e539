import { fileURLToPath } from 'node:url';
import { fuzzImport } from './import-fuzz.js';

/*
 * node dist/apps/cli/test/import-fuzz-main.js [--minutes N] [--seed N]
 * Fuzzes the importer for some minutes (10 unless said). Prints one JSON object last; exit code 1 when a promise was broken.
 */

function option(name: string, fallback: number): number {
  const index = process.argv.indexOf(`--${name}`);
  const value = index < 0 ? fallback : Number(process.argv[index + 1]);
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`--${name} must be a number`);
  return value;
}

const minutes = option('minutes', 10);
const seed = option('seed', Math.floor(Date.now() / 1000));
const corpus = fileURLToPath(new URL('../../../../test/data/task-sequences/', import.meta.url));
const end = performance.now() + minutes * 60_000;
let peakMegabytes = 0;
const result = fuzzImport(corpus, seed, (cases) => {
  if (cases % 200 === 0) peakMegabytes = Math.max(peakMegabytes, Math.round(process.memoryUsage().rss / 1024 / 1024));
  return performance.now() >= end;
});
for (const failure of result.failures) process.stderr.write(`${failure}\n`);
process.stdout.write(`${JSON.stringify({ fuzz: 'import', seed, minutes, peakMegabytes, ...result })}\n`);
process.exitCode = result.failures.length > 0 ? 1 : 0;
