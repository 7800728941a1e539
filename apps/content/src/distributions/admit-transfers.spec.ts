import type { DistributionPointSpec, TransferLimits } from '@muster/contracts/kinds/distribution-point.js';
import { admitTransfers, reasonToWait } from './admit-transfers.js';

const at = (transfers: TransferLimits, now: string, extra: Partial<DistributionPointSpec> = {}) =>
  admitTransfers(
    { endpoint: 'http://127.0.0.1:9', bucket: 'abc', credentials: 'local', transfers, ...extra },
    new Date(now),
  ).priorities;

describe('what may travel to a point', () => {
  // 2026-11-25 is a Wednesday.
  const nights: TransferLimits = {
    schedule: [
      { from: '08:00', to: '18:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'], priorities: ['high'] },
      { from: '22:00', to: '02:00', days: ['sun'], priorities: [] },
    ],
  };

  it('is everything outside all windows', () => {
    expect(at({}, '2026-11-25T12:00:00Z')).toBe(7);
    expect(at(nights, '2026-11-25T18:00:00Z')).toBe(7);
    expect(at(nights, '2026-11-25T07:59:59Z')).toBe(7);
    expect(at(nights, '2026-11-28T12:00:00Z')).toBe(7);
  });

  it('is what the window says that contains now', () => {
    expect(at(nights, '2026-11-25T08:00:00Z')).toBe(1);
    expect(at(nights, '2026-11-25T17:59:59Z')).toBe(1);
  });

  it('goes on over midnight, and over the end of the week', () => {
    expect(at(nights, '2026-11-29T22:00:00Z')).toBe(0);
    expect(at(nights, '2026-11-30T01:59:00Z')).toBe(0);
    expect(at(nights, '2026-11-30T02:00:00Z')).toBe(7);
    expect(at(nights, '2026-11-29T01:00:00Z')).toBe(7);
  });

  it('is reckoned in the time zone of the schedule', () => {
    const berlin = { ...nights, timeZone: 'Europe/Berlin' };
    expect(at(berlin, '2026-11-25T07:00:00Z')).toBe(1);
    expect(at(berlin, '2026-11-25T17:00:00Z')).toBe(7);
  });

  it('is a whole day when a window ends when it begins, and the first window counts', () => {
    const always = {
      schedule: [{ from: '00:00', to: '00:00', priorities: ['high' as const, 'low' as const] }, ...nights.schedule!],
    };
    expect(at(always, '2026-11-25T12:00:00Z')).toBe(5);
  });

  it('is nothing while the point is in maintenance', () => {
    expect(at({}, '2026-11-25T12:00:00Z', { maintenance: true })).toBe(0);
  });
});

describe('why something does not travel', () => {
  const now = new Date('2026-11-25T12:00:00Z');
  const all = (priorities: ('high' | 'medium' | 'low')[]) => ({
    transfers: { schedule: [{ from: '00:00', to: '00:00', priorities }] },
  });

  it('is told of maintenance and of the schedule, and only of those that wait', () => {
    expect(reasonToWait({ maintenance: true }, 0, now)).toBe('the point is in maintenance');
    expect(reasonToWait(all([]), 0, now)).toBe('the schedule of the point lets nothing travel now');
    expect(reasonToWait(all(['high']), 1, now)).toBe('the schedule of the point lets only high priority travel now');
    expect(reasonToWait(all(['high', 'medium']), 2, now)).toContain('only high and medium priority');
    expect(reasonToWait(all(['high']), 0, now)).toBeUndefined();
    expect(reasonToWait({}, 2, now)).toBeUndefined();
  });
});
