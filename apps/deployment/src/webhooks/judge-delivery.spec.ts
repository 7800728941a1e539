import { meaningOf, pauseSeconds, retrySeconds } from './judge-delivery.js';

describe('an attempt to deliver', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [500, 'refused'],
    [410, 'gone'],
    [429, 'unreachable'],
    [502, 'unreachable'],
    [503, 'unreachable'],
  ] as const)('that is answered %i was %s', (status, meaning) => {
    expect(meaningOf({ status })).toBe(meaning);
  });

  it('without an answer did not reach anybody', () => {
    expect(meaningOf({ error: 'ECONNREFUSED' })).toBe('unreachable');
  });

  it('of an event that is refused is repeated nine times within three days, then no more', () => {
    const waits = Array.from({ length: 10 }, (_, index) => retrySeconds(index + 1, 0));
    expect(waits).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, undefined]);
    expect(retrySeconds(1, 1)).toBe(6);
  });

  it('at an address that is away comes later and later, at least every six minutes', () => {
    const away = { error: 'ECONNREFUSED' };
    expect([1, 2, 3, 7, 50].map((failures) => pauseSeconds(failures, away, 0))).toEqual([5, 10, 20, 300, 300]);
    expect(pauseSeconds(50, away, 1)).toBe(360);
  });

  it('waits as long as the receiver asks for, within an hour', () => {
    expect(pauseSeconds(1, { status: 429, retryAfterSeconds: 60 }, 0)).toBe(60);
    expect(pauseSeconds(1, { status: 503, retryAfterSeconds: 999_999 }, 0)).toBe(3_600);
    expect(pauseSeconds(3, { status: 429, retryAfterSeconds: 1 }, 0)).toBe(20);
  });
});
