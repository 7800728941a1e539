import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { anySeed } from '../faults/random.js';
import { wholeNumber } from '../faults/whole-number.js';
import type { Part, PartAnswer } from './part.js';

const help = `npm run explain:agreement [-- --cases 100000 --seed N --threads N]

Deployments with purposes, times, schedules, windows, reruns and holds on devices with clocks, zones and histories, made at random. Of each:
what the daemon of the agent decides, and what \`muster explain --device\` says, beside a small reference that was written
from the specification. Beside each case a sequence made at random, with variables of a device and of collections: what becomes of each of its
steps; and a place with boundary groups and points: which points its content comes from, in which order. A thread for each processor
compares, unless \`--threads\` says less. The first disagreement is printed with its case, and ends it with 1.`;

const PART = 5_000;
const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    seed: { type: 'string' },
    threads: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const cases = wholeNumber(values.cases, 100_000, 'cases');
const seed = wholeNumber(values.seed, anySeed(), 'seed');
const threads = wholeNumber(values.threads, availableParallelism(), 'threads');
const began = performance.now();
const verdicts = new Map<string, number>();
const fates = new Map<string, number>();
let given = 0;
let done = 0;

await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(cases / PART)) }, compareParts));
process.stdout.write(`verdicts: ${inOrder(verdicts)}\n`);
process.stdout.write(`steps: ${inOrder(fates)}\n`);
process.stdout.write(`agent, explain and reference agree on ${cases} cases (seed ${seed})\n`);

/** Has a thread compare one part after the other until none is left. */
async function compareParts(): Promise<void> {
  const worker = new Worker(join(import.meta.dirname, 'part.js'));
  while (given < cases) {
    const part: Part = { from: seed + given, count: Math.min(PART, cases - given) };
    given += part.count;
    worker.postMessage(part);
    // An error of the thread is thrown here.
    const [answer] = (await once(worker, 'message')) as [PartAnswer];
    if (answer.problem !== undefined) {
      process.stdout.write(`they disagree, ${answer.problem}\n`);
      process.exit(1);
    }
    addUp(verdicts, answer.verdicts);
    addUp(fates, answer.fates);
    done += part.count;
    const perSecond = Math.round(done / ((performance.now() - began) / 1000));
    process.stdout.write(`${done} of ${cases} agree, ${perSecond}/s\n`);
  }
  await worker.terminate();
}

function addUp(sums: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) sums.set(name, (sums.get(name) ?? 0) + count);
}

function inOrder(counts: ReadonlyMap<string, number>): string {
  const most = [...counts].toSorted(([, one], [, other]) => other - one);
  return most.map(([name, count]) => `${name} ${count}`).join(', ');
}
