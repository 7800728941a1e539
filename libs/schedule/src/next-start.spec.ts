import type { MaintenanceWindow } from './maintenance-window.js';
import type { StartFacts } from './decide-start.js';
import { nextStart } from './next-start.js';
import type { StartRules } from './start-rules.js';

const now = Date.parse('2026-11-26T12:00Z');
const next = (rules: Partial<StartRules>, facts: Partial<StartFacts> = {}): string | undefined => {
  const at = nextStart(
    { purpose: 'Required', ...rules },
    { now, timeZone: 'UTC', windows: [], maximumMinutes: 60, ...facts },
  );
  return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);
};
const at = (start: string): StartRules['triggers'] => [{ schedule: { start } }];
const night: MaintenanceWindow = { name: 'night', schedule: { start: '2026-11-29T01:00Z' }, durationMinutes: 120 };

describe('when a run begins by itself next', () => {
  it('is its next time, behind the time that people have', () => {
    expect(next({ triggers: at('2026-11-28T22:00Z') })).toBe('2026-11-28T22:00');
    expect(next({ triggers: at('2026-11-28T22:00Z'), warnMinutes: 15 })).toBe('2026-11-28T22:15');
  });

  it('is the window behind that time, when it waits for one then, and not before it is available', () => {
    expect(next({ triggers: at('2026-11-28T22:00Z') }, { windows: [night] })).toBe('2026-11-29T01:00');
    expect(next({ availableAt: '2026-11-27T08:00Z', triggers: at('2026-11-26T10:00Z') })).toBe('2026-11-27T08:00');
  });

  it('is not known when a person, or an event on the computer, must come first', () => {
    expect(next({ purpose: 'Available' })).toBeUndefined();
    expect(next({ triggers: [{ event: 'LogOn' }] })).toBeUndefined();
    expect(next({ triggers: at('2026-11-28T22:00Z') }, { metered: true })).toBeUndefined();
  });

  it('is never when it expires before, no window is long enough, or its rule says no', () => {
    expect(next({ triggers: at('2026-11-28T22:00Z'), expiresAt: '2026-11-28T21:00Z' })).toBeUndefined();
    expect(
      next({ triggers: at('2026-11-28T22:00Z') }, { windows: [{ ...night, durationMinutes: 30 }] }),
    ).toBeUndefined();
    const lastRun = { startedAt: now - 1, succeeded: true };
    expect(next({ triggers: at('2026-11-28T22:00Z'), rerun: 'Never' }, { lastRun })).toBeUndefined();
  });
});
