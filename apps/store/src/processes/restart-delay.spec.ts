import { restartDelay } from './restart-delay.js';

describe('who ended by itself', () => {
  it('is replaced nearly at once, then after twice as long each time, and never later than 5 s', () => {
    const delays: number[] = [];
    let failures = 0;
    for (let n = 0; n < 10; n += 1) {
      const next = restartDelay(failures, 1000);
      delays.push(next.delayMilliseconds);
      failures = next.failures;
    }
    expect(delays).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  it('is replaced nearly at once when it had lasted, whatever was before', () => {
    expect(restartDelay(7, 60_000)).toEqual({ delayMilliseconds: 50, failures: 1 });
  });
});
