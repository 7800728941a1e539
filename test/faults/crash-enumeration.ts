import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CrashChain, CrashExplorer, type Failure, chainText, parseChain } from './crash-explorer.js';
import { anySeed } from './random.js';
import { wholeNumber } from './whole-number.js';

/**
 * `npm run faults:crash -- [--points 10000] [--seed N] [--folder DIR] [--only "17/torn:20 4/killed"]`: the real driver and the
 * real journal, dying at every moment and in every way. Exit code 1 on the first failure, 2 on wrong arguments. The last line
 * is one JSON object.
 *
 * The default folder is in memory where there is one: what a loss of power leaves is made up from what was synced, so that
 * the speed of the disk does not matter.
 */
const { values } = parseArgs({
  options: {
    points: { type: 'string' },
    seed: { type: 'string' },
    folder: { type: 'string' },
    only: { type: 'string' },
  },
});
const points = wholeNumber(values.points, 10_000, 'points');
const seed = wholeNumber(values.seed, anySeed(), 'seed');
const only = values.only === undefined ? undefined : chain(values.only);
const parent = values.folder ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
const folder = mkdtempSync(join(parent, 'muster-crashes-'));
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const began = performance.now();
const seconds = (): number => (performance.now() - began) / 1000;

function chain(text: string): CrashChain {
  try {
    return parseChain(text);
  } catch (error) {
    process.stderr.write(`--only: ${String(error)}\n`);
    process.exit(2);
  }
}

function show({ chain, when, problems }: Failure): void {
  const text = chainText(chain);
  print(`FAILED after ${chain.length} crash(es):`);
  for (const [index, { kind }] of chain.entries()) print(`  ${index + 1}. ${kind} after "${when[index]}"`);
  for (const problem of problems.slice(0, 5)) print(`  - ${problem.slice(0, 2000)}`);
  print(`again: npm run faults:crash -- --only "${text}"`);
}

try {
  if (only) {
    const failure = await new CrashExplorer(folder).repeat(only);
    if (failure) show(failure);
    else print(`${chainText(only)}: as it must be`);
    process.exitCode = failure ? 1 : 0;
  } else {
    print(`${points} crashes, seed ${seed}`);
    const explorer = new CrashExplorer(folder, (done) => {
      if (done % 2000 === 0) print(`${done} crashes, ${Math.round(done / seconds())}/s`);
    });
    const { failure, ...counts } = await explorer.explore(points, seed);
    if (failure) show(failure);
    const took = seconds();
    print(
      JSON.stringify({
        faults: 'crash',
        ...counts,
        failed: failure ? chainText(failure.chain) : null,
        seed,
        seconds: Number(took.toFixed(1)),
        pointsPerSecond: Math.round(counts.points / took),
      }),
    );
    process.exitCode = failure ? 1 : 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
