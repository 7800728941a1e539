import * as fc from 'fast-check';
import { type AlertLife, judgeAlert } from './judge-alert.js';

const noon = new Date('2026-11-26T12:00:00Z');
const before = new Date('2026-11-26T11:00:00Z');
const later = new Date('2026-11-26T13:00:00Z');
const active: AlertLife = { state: 'active', holds: true, raised: 1, raisedAt: before };

describe('an alert', () => {
  it('is raised once when its condition comes true', () => {
    const first = judgeAlert(undefined, true, noon);
    expect(first).toEqual({
      life: { state: 'active', holds: true, raised: 1, raisedAt: noon },
      tells: 'alert.raised',
    });
    expect(judgeAlert(first?.life, true, later)).toBeUndefined();
    expect(judgeAlert(undefined, false, noon)).toBeUndefined();
  });

  it.each(['active', 'acknowledged', 'postponed'] as const)(
    'that is %s is resolved when the condition is gone',
    (state) => {
      const gone = judgeAlert({ ...active, state, postponedUntil: later }, false, noon);
      expect(gone).toMatchObject({
        life: { state: 'resolved', holds: false, resolvedAt: noon },
        tells: 'alert.resolved',
      });
      expect(gone?.life.postponedUntil).toBeUndefined();
      expect(judgeAlert(gone?.life, false, later)).toBeUndefined();
    },
  );

  it('that was resolved is raised again, as the same one', () => {
    const again = judgeAlert({ ...active, state: 'resolved', holds: false, resolvedAt: before }, true, noon);
    expect(again).toMatchObject({ life: { state: 'active', raised: 2, raisedAt: noon }, tells: 'alert.raised' });
  });

  it('that somebody closed comes back only when its condition was gone in between', () => {
    const closed: AlertLife = { ...active, state: 'closed' };
    expect(judgeAlert(closed, true, noon)).toBeUndefined();
    const quiet = judgeAlert(closed, false, noon);
    expect(quiet).toEqual({ life: { ...closed, holds: false } });
    expect(judgeAlert(quiet?.life, true, later)).toMatchObject({ life: { state: 'active', raised: 2 } });
  });

  it('that is postponed comes back at its time, when its condition still holds', () => {
    const postponed: AlertLife = { ...active, state: 'postponed', postponedUntil: noon };
    expect(judgeAlert(postponed, true, before)).toBeUndefined();
    expect(judgeAlert(postponed, true, noon)).toMatchObject({
      life: { state: 'active', raised: 2 },
      tells: 'alert.raised',
    });
  });

  it('tells a crossing each time the condition changes, and never twice in between, whatever the condition does', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (looks) => {
        let life: AlertLife | undefined;
        const told: string[] = [];
        for (const holds of looks) {
          const next = judgeAlert(life, holds, noon);
          if (next?.tells) told.push(next.tells);
          life = next?.life ?? life;
        }
        const crossings = looks.filter((holds, index) => holds !== (looks[index - 1] ?? false));
        expect(told).toEqual(crossings.map((holds) => (holds ? 'alert.raised' : 'alert.resolved')));
      }),
    );
  });
});
