import { parseArgs } from 'node:util';
import { anySeed, findDisagreement } from './compare.js';

/**
 * `npm run conformance -- --runs 1000000 [--seed N]`: engine against reference interpreter on random sequences, in parts
 * of which each has a seed of its own. Exit code 1 on the first disagreement, 2 on wrong arguments.
 */
const PART = 10_000;

function refuse(message: string): never {
  process.stderr.write(`${message}\nusage: npm run conformance -- [--runs N] [--seed N]\n`);
  process.exit(2);
}

function wholeNumber(text: string | undefined, fallback: number, name: string): number {
  const value = text === undefined ? fallback : Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(`--${name} must be a whole number, not "${text}"`);
}

function readOptions(): { runs?: string | undefined; seed?: string | undefined } {
  try {
    return parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const values = readOptions();
const runs = wholeNumber(values.runs, 100_000, 'runs');
const seed = wholeNumber(values.seed, anySeed(), 'seed');
const began = performance.now();
const seconds = (): number => (performance.now() - began) / 1000;

process.stdout.write(`${runs} random sequences, seed ${seed}\n`);
for (let done = 0; done < runs;) {
  const part = Math.min(PART, runs - done);
  // Parts count on from the seed, so a failing one is repeated with the seed it prints.
  const problem = findDisagreement(part, (seed + done / PART) % 0x7fffffff);
  if (problem !== undefined) {
    process.stdout.write(`engine and reference disagree\n${problem}\n`);
    process.exit(1);
  }
  done += part;
  process.stdout.write(`${done} of ${runs} agree, ${Math.round(done / seconds())}/s\n`);
}
process.stdout.write(
  `engine and reference agree on ${runs} random sequences (seed ${seed}, ${Math.round(seconds())} s)\n`,
);
