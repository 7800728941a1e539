import { clocksOfRefusal } from './refused-address.js';

describe('a presigned address that is refused', () => {
  const signed = Date.parse('2026-11-27T22:00:00Z');
  const url = 'http://store/bucket/key?X-Amz-Date=20261127T220000Z&X-Amz-Expires=900&X-Amz-Signature=0';
  const at = (minutes: number) => new Date(signed + minutes * 60_000).toUTCString();

  it.each([
    ['ahead of', 40, 0],
    ['ahead of', 60, 20 * 60],
    ['behind', -40, 0],
    ['behind', -40, 600],
  ])('says that the clock of the store is %s the site’s', (direction, minutes, age) => {
    expect(clocksOfRefusal(url, at(minutes), age)).toContain(
      `its clock is 40 minutes ${direction} the site's. Set both`,
    );
  });

  it.each([
    ['has run out while we had it', url, at(20), 19 * 60],
    ['is good by the clock of the store', url, at(14), 0],
    ['is a little too early', url, at(-4), 0],
    ['comes back without a date', url, undefined, 0],
    ['comes back with a date that is none', url, 'yesterday', 0],
    ['has no moment', 'http://store/bucket/key', at(90), 0],
  ])('does not blame clocks when it %s', (_what, address, date, age) => {
    expect(clocksOfRefusal(address, date, age)).toBeUndefined();
  });
});
