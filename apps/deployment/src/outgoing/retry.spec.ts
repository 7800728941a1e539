import { pauseSeconds, retrySeconds } from './retry.js';

describe('an attempt to deliver', () => {
  it('of what is refused is repeated nine times within three days, then no more', () => {
    const waits = Array.from({ length: 10 }, (_, index) => retrySeconds(index + 1, 0));
    expect(waits).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, undefined]);
    expect(retrySeconds(1, 1)).toBe(6);
  });

  it('to a receiver that is away comes later and later, at least every six minutes', () => {
    expect([1, 2, 3, 7, 50].map((failures) => pauseSeconds(failures, 0))).toEqual([5, 10, 20, 300, 300]);
    expect(pauseSeconds(50, 1)).toBe(360);
  });

  it('waits as long as the receiver asks for, within an hour', () => {
    expect(pauseSeconds(1, 0, 60)).toBe(60);
    expect(pauseSeconds(1, 0, 999_999)).toBe(3_600);
    expect(pauseSeconds(3, 0, 1)).toBe(20);
  });
});
