import type { StepReport } from '@muster/sequence/report.js';
import { groupReports } from './group-reports.js';

function report(runId: string, number: number, message = ''): StepReport {
  return { event: 'step-finished', runId, number, at: '2026-11-21T12:00:00Z', message };
}

describe('groupReports', () => {
  it('groups by run, in order of numbers', () => {
    const groups = groupReports([report('b', 2), report('a', 1), report('b', 1), report('a', 2)]);
    const numbers = groups.map(({ runId, reports }) => [runId, reports.map(({ number }) => number)]);
    expect(numbers.sort()).toEqual([
      ['a', [1, 2]],
      ['b', [1, 2]],
    ]);
  });

  it('splits what one fact cannot carry, and keeps the order', () => {
    const groups = groupReports(
      [3, 1, 2].map((number) => report('a', number, 'x'.repeat(600))),
      1500,
    );
    expect(groups.map(({ reports }) => reports.map(({ number }) => number))).toEqual([[1, 2], [3]]);
  });

  it('gives a report that is larger than the limit a fact of its own', () => {
    expect(groupReports([report('a', 1, 'x'.repeat(2000)), report('a', 2)], 1000)).toHaveLength(2);
  });

  it('makes nothing of nothing', () => expect(groupReports([])).toEqual([]));
});
