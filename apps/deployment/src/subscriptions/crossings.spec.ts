import { crossingsOf } from './crossings.js';

const now = new Date('2026-11-28T12:00:00Z');
const at = (hour: number) => new Date(Date.UTC(2026, 10, 28, hour)).toISOString();

describe('an alert of another site', () => {
  it('that is new was raised, and resolved when it is over already', () => {
    expect(crossingsOf(undefined, { state: 'active', raisedAt: at(1) }, now)).toEqual([
      { crossing: 'raised', at: at(1) },
    ]);
    expect(crossingsOf(undefined, { state: 'resolved', raisedAt: at(1), resolvedAt: at(2) }, now)).toEqual([
      { crossing: 'raised', at: at(1) },
      { crossing: 'resolved', at: at(2) },
    ]);
  });

  it('that was over long before anything was known of it is old news; one that is not over never is', () => {
    const old = { raisedAt: '2026-11-01T00:00:00Z', resolvedAt: '2026-11-02T00:00:00Z' };
    expect(crossingsOf(undefined, { state: 'resolved', ...old }, now)).toEqual([]);
    expect(crossingsOf(undefined, { state: 'closed', raisedAt: old.raisedAt }, now)).toEqual([]);
    expect(crossingsOf(undefined, { state: 'acknowledged', raisedAt: old.raisedAt }, now)).toHaveLength(1);
  });

  it('is told once, whatever people say of it', () => {
    const known = { raisedAt: new Date(at(1)) };
    expect(crossingsOf(known, { state: 'acknowledged', raisedAt: at(1) }, now)).toEqual([]);
    expect(crossingsOf(known, { state: 'resolved', raisedAt: at(1), resolvedAt: at(3) }, now)).toEqual([
      { crossing: 'resolved', at: at(3) },
    ]);
    const over = { ...known, resolvedAt: new Date(at(3)) };
    expect(crossingsOf(over, { state: 'closed', raisedAt: at(1), resolvedAt: at(3) }, now)).toEqual([]);
    expect(crossingsOf(over, { state: 'active', raisedAt: at(4) }, now)).toEqual([{ crossing: 'raised', at: at(4) }]);
  });

  it('of a site that was restored from a backup is not told again', () => {
    const known = { raisedAt: new Date(at(4)), resolvedAt: new Date(at(5)) };
    expect(crossingsOf(known, { state: 'resolved', raisedAt: at(1), resolvedAt: at(2) }, now)).toEqual([]);
  });
});
