import { fleetUnderFaults } from './fleet-faults.js';
import { DEVICE_STOPPED, RUN_STOPPED } from './orders.js';

// `npm run faults:fleet` has more agents and more seeds.
it('loses nothing that was acknowledged and doubles nothing while every process of the site is killed once', async () => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const { runs, fates, acknowledged, startedAtOnce, woken, stopped, stoppedAlone, effects, problems } =
    await fleetUnderFaults({ agents: 10, seed: 1, kills: 8, say });
  expect(problems).toEqual([]);
  expect(startedAtOnce.most).toBeGreaterThan(0);
  expect(startedAtOnce.most).toBeLessThanOrEqual(2);
  expect(woken).toBeGreaterThan(0);
  expect(stopped).toBeGreaterThan(0);
  expect([RUN_STOPPED, DEVICE_STOPPED].map((kind) => effects.of(kind))).toEqual([1, 1]);
  expect(stoppedAlone).toBeLessThanOrEqual(stopped);
  expect(runs).toBe(30 + stopped);
  expect(fates).toBe(runs);
  expect(acknowledged).toBeGreaterThan(30 * 4 - 1);
  expect(said.filter((line) => line.endsWith(' killed'))).toHaveLength(8);
}, 300_000);
