import { factsOf, newestOf, type TakenFate } from './facts-of-fates.js';

const uid = (last: number): string => `0193e7a0-0000-7000-8000-00000000000${last}`;
const fate = (device: number, number: number, says = ''): TakenFate => ({
  deviceUid: uid(device),
  deploymentUid: uid(9),
  number,
  acceptance: { state: 'accepted', at: '2026-11-27T00:00:00Z', says },
});

describe('what devices told together', () => {
  it('is the newest of each device and deployment, in whatever order it came', () => {
    const newest = newestOf([fate(1, 5), fate(2, 3), fate(1, 4), fate(2, 6)]);
    expect(newest.map(({ deviceUid, number }) => [deviceUid, number])).toEqual([
      [uid(1), 5],
      [uid(2), 6],
    ]);
  });

  it('is one fact for many devices, and several when it is long', () => {
    const many = Array.from({ length: 201 }, (_, index) => fate(index % 10, index + 1));
    expect(factsOf(many).map(({ fates }) => fates.length)).toEqual([200, 1]);
    expect(factsOf([fate(1, 1, 'x'.repeat(400)), fate(2, 2), fate(3, 3)], 600).map((one) => one.fates.length)).toEqual([
      1, 2,
    ]);
    expect(factsOf([])).toEqual([]);
  });
});
