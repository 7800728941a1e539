import { parseArgs } from 'node:util';
import { wholeNumber } from '../faults/whole-number.js';
import { cutAndHeal } from './cut-and-heal.js';
import { startTwoSites } from './two-sites.js';

const help = `npm run faults:hierarchy [-- --writes 20000 --times 1]

Two sites with servers of their own on this machine. Their link is cut, so many objects are written at each side, one in twenty of
them at both, and the link is healed. Told is how long it takes until digests of both sites are equal. Goal: below 30 s.
Exit code 1 when something is lost, or the goal is missed.`;

const GOAL_SECONDS = 30;
const PATIENCE_MILLISECONDS = 600_000;

const { values } = parseArgs({
  options: { writes: { type: 'string' }, times: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const writes = wholeNumber(values.writes, 20_000, 'writes');
const times = wholeNumber(values.times, 1, 'times');
const sites = await startTwoSites();
try {
  sites.central.start();
  sites.primary.start();
  let slowest = 0;
  for (let time = 1; time <= times; time += 1) {
    const healed = await cutAndHeal(sites, `cut-${time}`, writes, PATIENCE_MILLISECONDS);
    slowest = Math.max(slowest, healed.secondsToEqual);
    const { contested, conflicts, secondsToEqual } = healed;
    process.stdout.write(
      `${writes} writes at each side, ${contested} objects at both: equal after ${secondsToEqual.toFixed(1)} s, ${conflicts} conflicts\n`,
    );
  }
  const met = slowest < GOAL_SECONDS;
  const figures = { faults: 'cut-and-heal', writes, times, secondsToEqual: slowest, goal: GOAL_SECONDS, met };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exitCode = met ? 0 : 1;
} finally {
  await sites.stop();
}
