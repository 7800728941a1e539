import { groupReports } from './group-reports.js';

function report(runId: string, number: number, bytes = 100) {
  return { runId, number, json: 'x'.repeat(bytes) };
}

describe('groupReports', () => {
  it('groups by run, in order of numbers, consecutive ones as a range', () => {
    const groups = groupReports([report('b', 2), report('a', 1), report('b', 1), report('a', 2), report('b', 5)]);
    const ranges = groups.map(({ runId, ranges }) => [runId, ranges]);
    expect(ranges.sort()).toEqual([
      ['a', [[1, 2]]],
      [
        'b',
        [
          [1, 2],
          [5, 5],
        ],
      ],
    ]);
  });

  it('splits what one fact cannot carry, and keeps the order', () => {
    const groups = groupReports(
      [3, 1, 2].map((number) => report('a', number, 600)),
      1500,
    );
    expect(groups.map(({ ranges }) => ranges)).toEqual([[[1, 2]], [[3, 3]]]);
  });

  it('gives a report that is larger than the limit a fact of its own', () => {
    expect(groupReports([report('a', 1, 2000), report('a', 2)], 1000)).toHaveLength(2);
  });

  it('makes nothing of nothing', () => expect(groupReports([])).toEqual([]));
});
