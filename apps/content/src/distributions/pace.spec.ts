import * as fc from 'fast-check';
import { Pace } from './pace.js';

/** A pace whose time passes only by waiting. */
function simulated(rate: number | undefined) {
  let clock = 0;
  const pace = new Pace(
    rate,
    () => clock,
    async (milliseconds) => (clock += milliseconds),
  );
  return { pace, time: () => clock };
}

describe('a pace', () => {
  it('lets no more bytes pass than its rate, but for the first piece', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 2, maxLength: 30 }),
        fc.integer({ min: 1024, max: 1_000_000 }),
        async (pieces, rate) => {
          const { pace, time } = simulated(rate);
          for (const bytes of pieces) await pace.pass(bytes);
          const before = pieces.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0);
          expect(time()).toBeCloseTo((before / rate) * 1000, 3);
        },
      ),
    );
  });

  it('follows a rate that changes', async () => {
    const { pace, time } = simulated(1000);
    await pace.pass(1000);
    pace.setRate(2000);
    await pace.pass(2000);
    await pace.pass(1);
    expect(time()).toBe(2000);
  });

  it('never waits without a limit', async () => {
    const { pace, time } = simulated(undefined);
    for (let piece = 0; piece < 100; piece += 1) await pace.pass(1_000_000);
    expect(time()).toBe(0);
  });
});
