import { until } from '@muster/testing/until.js';
import { Loop } from './loop.js';

describe('a background loop', () => {
  it('runs again at once when it is nudged, also in the middle of a round', async () => {
    let rounds = 0;
    const loop = new Loop(
      async () => {
        rounds += 1;
        if (rounds === 1) loop.nudge();
      },
      60_000,
      () => undefined,
    );
    loop.start();
    await until(() => rounds === 2);
    loop.nudge();
    await until(() => rounds === 3);
    await loop.stop();
    expect(rounds).toBe(3);
  });

  it('goes on after a round that failed, and says so', async () => {
    const errors: unknown[] = [];
    let rounds = 0;
    const loop = new Loop(
      async () => {
        rounds += 1;
        if (rounds < 3) throw new Error(`round ${rounds}`);
      },
      60_000,
      (error) => errors.push(error),
    );
    loop.start();
    await until(() => rounds === 3);
    await loop.stop();
    expect(errors.map(String)).toEqual(['Error: round 1', 'Error: round 2']);
  });

  it('lets the round in flight end before it has stopped', async () => {
    let finish = () => undefined as void;
    let ended = false;
    const loop = new Loop(
      async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        ended = true;
      },
      60_000,
      () => undefined,
    );
    loop.start();
    await until(() => finish.name !== 'finish');
    const stopped = loop.stop();
    expect(ended).toBe(false);
    finish();
    await stopped;
    expect(ended).toBe(true);
  });
});
