import { expiryFrom, type HeldLock, lockAgainst, lockedError, takeLock } from './edit-lock.js';

const now = new Date('2026-03-01T12:00:00Z');
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
const anna: HeldLock = { holder: 'anna', machine: 'pc-1', takenAt: now, expiresAt: expiryFrom(now) };
const wish = { holder: 'anna', machine: 'pc-1', takeOver: false };

describe('an edit lock', () => {
  it('lasts 30 minutes from the last sign of its holder', () => {
    expect(takeLock(undefined, wish, now)).toEqual({ taken: anna });
    expect(takeLock(anna, wish, later(10))).toEqual({ taken: { ...anna, expiresAt: later(40) } });
  });

  it('is in the way of others until the moment it expires', () => {
    const ben = { ...wish, holder: 'ben' };
    expect(takeLock(anna, ben, later(29.9))).toEqual({ inTheWay: anna });
    expect(takeLock(anna, { ...ben, takeOver: true }, later(29.9))).toEqual({ inTheWay: anna });
    expect(takeLock(anna, ben, later(30))).toEqual({
      taken: { holder: 'ben', machine: 'pc-1', takenAt: later(30), expiresAt: later(60) },
    });
  });

  it('moves to another machine of its holder only when that is said', () => {
    const elsewhere = { ...wish, machine: 'pc-2' };
    expect(takeLock(anna, elsewhere, later(1))).toEqual({ inTheWay: anna });
    expect(takeLock(anna, { ...elsewhere, takeOver: true }, later(1))).toEqual({
      taken: { holder: 'anna', machine: 'pc-2', takenAt: later(1), expiresAt: later(31) },
    });
  });

  it('keeps others from saving, not its holder', () => {
    expect([lockAgainst(anna, 'ben', later(1)), lockAgainst(anna, 'anna', later(1))]).toEqual([anna, undefined]);
    expect([lockAgainst(anna, 'ben', later(30)), lockAgainst(undefined, 'ben', now)]).toEqual([undefined, undefined]);
  });

  it('refuses with who, where and until when', () => {
    expect(lockedError('harden', anna, 'ben').message).toContain(
      '"anna" holds its edit lock on the machine "pc-1" until 2026-03-01T12:30:00.000Z',
    );
    expect(lockedError('harden', anna, 'anna').message).toContain('take it over');
  });
});
