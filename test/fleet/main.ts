import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { anySeed } from '../faults/random.js';
import { wholeNumber } from '../faults/whole-number.js';
import { fleetUnderFaults } from './fleet-faults.js';

const help = `npm run faults:fleet [-- --agents 200 --seeds 3 --kills 12 --seed N]

Simulated agents, with the real protocol and in one process, run deployments on a whole site whose services, store, NATS, Postgres and edge are
killed (SIGKILL) by a schedule that the seed makes. Before each run they fetch its content; they tell in any order and now and then twice, by clocks
that jump; one of the deployments they start with a permit only, a tenth of them at once at most. Each policy is tried on its agent again, changed,
too old and of another device, and each enrolment token and uid now and then by a thief. Meanwhile a deployment whose runs end by a stop alone is
paused, stopped and resumed, runs and devices are stopped alone, and the rollout is paused and resumed: what was acknowledged must hold. In the end every run that was told must be at the site once, with exactly what was told of it, and every deployment
that was acknowledged must be there. A problem ends it with 1. 2,000 agents: --agents 2000 --seeds 1 --kills 40.`;

const { values } = parseArgs({
  options: {
    agents: { type: 'string' },
    seeds: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const agents = wholeNumber(values.agents, 200, 'agents');
const seeds = wholeNumber(values.seeds, 3, 'seeds');
const kills = wholeNumber(values.kills, 12, 'kills');
const first = wholeNumber(values.seed, anySeed(), 'seed');
for (let seed = first; seed < first + seeds; seed += 1) {
  const began = performance.now();
  const say = (line: string): boolean => process.stdout.write(`  ${line}\n`);
  process.stdout.write(`seed ${seed}, ${agents} agents, ${kills} kills\n`);
  const { runs, acknowledged, problems } = await fleetUnderFaults({ agents, seed, kills, say });
  const seconds = Math.round((performance.now() - began) / 1000);
  for (const problem of problems.slice(0, 20)) process.stdout.write(`  ${problem}\n`);
  process.stdout.write(
    `${runs} runs, ${acknowledged} reports acknowledged, ${problems.length} problems, ${seconds} s\n`,
  );
  if (problems.length > 0) process.exit(1);
}
