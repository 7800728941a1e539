import { inParallel } from './in-parallel.js';

describe('working in parallel', () => {
  it('does everything once, and never more at a time than allowed', async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    await inParallel([...Array(50).keys()], 4, async (item) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      done.push(item);
    });
    expect(most).toBe(4);
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()]);
  });

  it('begins nothing after a failure, and lets what is under way end', async () => {
    const ended: number[] = [];
    const work = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
      if (item === 1) throw new Error('no');
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(item);
    });
    await expect(work).rejects.toThrow('no');
    expect(ended).toEqual([0]);
  });
});
