import { join } from 'node:path';
import { killOften } from './real-kills.js';
import { anySeed } from './random.js';

const dist = join(import.meta.dirname, '../../dist');

/** 200 of them: npm run faults:kill. */
describe('the agent, killed with kill -9 at random times', () => {
  it('ends with every step done, repeated only where it was in flight and may be, and leaves no process behind', async () => {
    const seed = anySeed();
    const agent = join(dist, 'apps/agent/src/command-line/main-local.js');
    const { kills, problems } = await killOften({ agent, kills: 8, seed });
    expect([seed, kills, problems]).toEqual([seed, 8, []]);
  });
});
