import * as fc from 'fast-check';
import { afterFailure, afterStoreFailure, afterWaiting } from './job-outcome.js';

describe('a failed transfer', () => {
  it('is tried again after 1, 2, 4 … and never more than 60 seconds', () => {
    const delays = Array.from({ length: 19 }, (_, index) => {
      const outcome = afterFailure(index + 1, 'down', 0);
      return outcome.state === 'retrying' ? outcome.delaySeconds : -1;
    });
    expect(delays.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(Math.max(...delays)).toBe(60);
  });

  it('is tried a little sooner by chance, never at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
        const outcome = afterFailure(attempts, 'down', chance);
        expect(outcome).toMatchObject({ state: 'retrying' });
        if (outcome.state === 'retrying') expect(outcome.delaySeconds).toBeGreaterThanOrEqual(0.8);
      }),
    );
  });

  it('has failed after 20 attempts, with the reason', () => {
    expect(afterFailure(20, 'down', 0.5)).toEqual({ state: 'failed', reason: 'down' });
  });

  it('is tried for three days where a store is the reason, and it is told when a point says nothing at all', () => {
    const usual = { state: 'retrying', reason: 'down', delaySeconds: 60 };
    expect(afterStoreFailure(20, 'down', 0, true)).toEqual({ ...usual, unanswered: true });
    expect(afterStoreFailure(1000, 'down', 0, false)).toEqual(usual);
    const minutesInThreeDays = 3 * 24 * 60;
    expect(afterStoreFailure(minutesInThreeDays, 'down', 0, true)).toEqual({ state: 'failed', reason: 'down' });
  });

  it('is none where only another site is away: that is looked at again soon, for ever', () => {
    const reason = 'waits for site CEN';
    expect(afterWaiting(reason, 0)).toEqual({ state: 'waiting', reason, delaySeconds: 5 });
    expect(afterWaiting(reason, 1)).toEqual({ state: 'waiting', reason, delaySeconds: 4 });
  });

  it('keeps a reason short', () => {
    const outcome = afterFailure(1, 'x'.repeat(5000), 0);
    expect(outcome.state === 'retrying' && outcome.reason.length).toBe(1001);
  });
});
