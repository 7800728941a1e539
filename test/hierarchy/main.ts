import { parseArgs } from 'node:util';
import { anySeed } from '../faults/random.js';
import { wholeNumber } from '../faults/whole-number.js';
import { simulate } from './simulate.js';

/** `npm run simulate:hierarchy -- --seeds N [--first SEED]`, or `--replay SEED` for the whole history of one. */
const { values } = parseArgs({
  options: { seeds: { type: 'string' }, first: { type: 'string' }, replay: { type: 'string' } },
});
if (values.replay !== undefined) {
  const { history, problems } = simulate(wholeNumber(values.replay, 0, 'replay'));
  process.stdout.write(`${[...history, ...problems.map((problem) => `PROBLEM ${problem}`)].join('\n')}\n`);
  process.exit(problems.length > 0 ? 1 : 0);
}
const seeds = wholeNumber(values.seeds, 1_000, 'seeds');
const first = wholeNumber(values.first, anySeed(), 'first');
const faults: Record<string, number> = {};
let writes = 0;
let messages = 0;
const began = performance.now();
for (let seed = first; seed < first + seeds; seed++) {
  const simulated = simulate(seed);
  if (simulated.problems.length > 0) {
    const problems = simulated.problems.slice(0, 10).join('\n  ');
    process.stdout.write(`seed ${seed}:\n  ${problems}\nreplay: npm run simulate:hierarchy -- --replay ${seed}\n`);
    process.exit(1);
  }
  writes += simulated.writes;
  messages += simulated.messages;
  for (const [name, count] of Object.entries(simulated.faults)) faults[name] = (faults[name] ?? 0) + count;
  const done = seed - first + 1;
  if (done % 500 === 0) process.stderr.write(`${done} of ${seeds} histories\n`);
}
const seconds = (performance.now() - began) / 1000;
const counted = Object.entries(faults).map(([name, count]) => `${count} × ${name}`);
process.stdout.write(
  `${seeds} histories from seed ${first} converged: ${writes} writes, ${messages} messages, ${counted.join(', ')}; ${seconds.toFixed(1)} s\n`,
);
