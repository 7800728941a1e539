import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { anySeed } from './random.js';
import { killOften } from './real-kills.js';
import { wholeNumber } from './whole-number.js';

/**
 * `npm run faults:kill -- [--kills 200] [--seed N]`: the real agent, killed with `kill -9` at random times and resumed until its
 * run is over. Exit code 1 on the first run that is not as it must be, 2 on wrong arguments. The last line is one JSON object.
 */
const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
const kills = wholeNumber(values.kills, 200, 'kills');
const seed = wholeNumber(values.seed, anySeed(), 'seed');
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const began = performance.now();
print(`${kills} kills, seed ${seed}`);
const { problems, ...counts } = await killOften({
  agent: join(import.meta.dirname, '../../apps/agent/src/command-line/main-local.js'),
  kills,
  seed,
  onRun: (done, runs) => print(`${done} kills in ${runs} runs`),
});
for (const problem of problems.slice(0, 10)) print(`FAILED: ${problem.slice(0, 2000)}`);
const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
print(JSON.stringify({ faults: 'kill', ...counts, failed: problems.length > 0, seed, seconds }));
process.exitCode = problems.length > 0 ? 1 : 0;
