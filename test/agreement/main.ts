import { parseArgs } from 'node:util';
import { anySeed } from '../faults/random.js';
import { wholeNumber } from '../faults/whole-number.js';
import { countVerdicts, findDisagreement } from './compare.js';
import { findContentDisagreement } from './content-order.js';
import { findStepDisagreement } from './step-fates.js';

const help = `npm run explain:agreement [-- --cases 100000 --seed N]

Deployments with purposes, times, schedules, windows, reruns and holds on devices with clocks, zones and histories, made at random. Of each:
what the daemon of the agent decides, and what \`muster explain --device\` says, beside a small reference that was written
from the specification. Beside each case a sequence made at random, with variables of a device and of collections: what becomes of each of its
steps; and a place with boundary groups and points: which points its content comes from, in which order. The first disagreement is printed with its case, and ends it with 1.`;

const PART = 10_000;
const { values } = parseArgs({
  options: { cases: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const cases = wholeNumber(values.cases, 100_000, 'cases');
const seed = wholeNumber(values.seed, anySeed(), 'seed');
const began = performance.now();
const fates = new Map<string, number>();
for (let done = 0; done < cases;) {
  const part = Math.min(PART, cases - done);
  const problem =
    findDisagreement(seed + done, part) ??
    findStepDisagreement(seed + done, part, fates) ??
    (await findContentDisagreement(seed + done, part));
  if (problem !== undefined) {
    process.stdout.write(`they disagree, ${problem}\n`);
    process.exit(1);
  }
  done += part;
  const perSecond = Math.round(done / ((performance.now() - began) / 1000));
  process.stdout.write(`${done} of ${cases} agree, ${perSecond}/s\n`);
}
const verdicts = [...countVerdicts(seed, Math.min(cases, PART))].sort(([, one], [, other]) => other - one);
process.stdout.write(
  `of the first ${Math.min(cases, PART)}: ${verdicts.map(([name, count]) => `${name} ${count}`).join(', ')}\n`,
);
process.stdout.write(`steps: ${[...fates].map(([fate, count]) => `${fate} ${count}`).join(', ')}\n`);
process.stdout.write(`agent, explain and reference agree on ${cases} cases (seed ${seed})\n`);
