import { decideStart } from './decide-start.js';
import type { MaintenanceWindow } from './maintenance-window.js';
import { latestRestart, latestStart } from './put-off.js';
import type { StartRules } from './start-rules.js';

const now = Date.parse('2026-11-26T12:00Z');
const hour = 3_600_000;
const open: MaintenanceWindow = { name: 'w', schedule: { start: '2026-11-26T11:00Z' }, durationMinutes: 240 };
const known = { now, timeZone: 'UTC', windows: [open], maximumMinutes: 60 };

describe('the last instant of a start that is put off', () => {
  it('leaves the run room in its window, and comes before the deployment expires', () => {
    expect(latestStart({}, known)).toBe(now + 2 * hour);
    expect(latestStart({}, { ...known, maximumMinutes: 0 })).toBe(now + 3 * hour - 1);
    expect(latestStart({ expiresAt: '2026-11-26T13:00Z' }, known)).toBe(now + hour - 1);
    expect(latestStart({ outsideWindows: true }, known)).toBe(Infinity);
    expect(latestStart({}, { ...known, windows: [] })).toBe(Infinity);
  });

  it('is now when no later one is right', () => {
    expect(latestStart({}, { ...known, maximumMinutes: 200 })).toBe(now);
    expect(latestStart({ expiresAt: '2026-11-26T11:00Z' }, { ...known, windows: [] })).toBe(now);
  });

  it('is one at which the device decides to begin, and a moment later it does not', () => {
    const rules: StartRules = { purpose: 'Required', expiresAt: '2026-11-26T18:00Z' };
    const latest = latestStart(rules, known);
    expect(decideStart(rules, { ...known, now: latest }).state).toBe('start');
    expect(decideStart(rules, { ...known, now: latest + 1 }).state).toBe('waiting');
  });
});

describe('the last instant of a restart that is put off', () => {
  it('is in its window, unless it may come outside', () => {
    expect(latestRestart({}, { ...known, asked: false })).toBe(now + 3 * hour - 1);
    expect(latestRestart({ restartOutsideWindows: true }, { ...known, asked: false })).toBe(Infinity);
    expect(latestRestart({}, { ...known, asked: true })).toBe(Infinity);
    expect(latestRestart({}, { ...known, windows: [{ ...open, durationMinutes: 30 }], asked: false })).toBe(now);
  });
});
