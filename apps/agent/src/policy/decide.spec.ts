import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { decide } from './decide.js';

const now = Date.parse('2026-11-21T12:00:00Z');
const uid = (number: number): string => `0193e7a0-0000-7000-8000-00000000000${number}`;
const assignment = (number: number, more: Partial<Assignment> = {}): Assignment => ({
  deployment: { uid: uid(number), name: `d${number}`, generation: 1 },
  purpose: 'Required',
  body: digestOfBytes(String(number)),
  ...more,
});
const nameOf = (assignments: Assignment[], finished: string[] = [], hasBody = (_: string): boolean => true): unknown =>
  decide(assignments, new Set(finished), hasBody, now).run?.deployment.name;

describe('what to run now', () => {
  it('is a Required assignment, not an Available one', () => {
    expect(nameOf([assignment(1, { purpose: 'Available' }), assignment(2)])).toBe('d2');
  });

  it('is nothing that has finished on this device', () => {
    expect(nameOf([assignment(1)], [uid(1)])).toBeUndefined();
  });

  it.each([
    ['begins at its availableAt', { availableAt: '2026-11-21T12:00:00Z' }, 'd1'],
    ['waits before its availableAt', { availableAt: '2026-11-21T12:00:01Z' }, undefined],
    ['reads the offset of an instant', { availableAt: '2026-11-21T13:00:00+02:00' }, 'd1'],
    ['is over at its expiresAt', { expiresAt: '2026-11-21T12:00:00Z' }, undefined],
    ['runs before its expiresAt', { expiresAt: '2026-11-21T12:00:01Z' }, 'd1'],
  ])('%s', (_, times, expected) => {
    expect(nameOf([assignment(1, times)])).toBe(expected);
  });

  it('takes the one that has been available longest, and passes over one whose body is missing', () => {
    const older = assignment(2, { availableAt: '2026-11-01T00:00:00Z' });
    const newer = assignment(1, { availableAt: '2026-11-02T00:00:00Z' });
    expect(nameOf([newer, older])).toBe('d2');
    expect(nameOf([newer, older], [], (digest) => digest !== older.body)).toBe('d1');
  });

  it('says when the next one becomes available', () => {
    const soon = assignment(1, { availableAt: '2026-11-21T12:00:30Z' });
    const late = assignment(2, { availableAt: '2026-11-21T13:00:00Z' });
    expect(decide([late, soon], new Set(), () => true, now)).toEqual({ run: undefined, lookAgainInSeconds: 30 });
  });
});
