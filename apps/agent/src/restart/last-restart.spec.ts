import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import { type LastRestart, planLastRestart } from './last-restart.js';

const now = Date.parse('2026-11-26T12:00Z');
const minutes = (count: number): number => now + count * 60_000;
const window = (durationMinutes: number): MaintenanceWindow => ({
  name: 'w',
  schedule: { start: new Date(minutes(-30)).toISOString() },
  durationMinutes,
});
const plan = (change: Partial<LastRestart> = {}) =>
  planLastRestart({
    now,
    timeZone: 'UTC',
    rules: { warnMinutes: 15 },
    settings: { snoozeMinutes: 240 },
    windows: [],
    asked: false,
    startedAt: minutes(-60),
    delaySeconds: 0,
    snooze: undefined,
    told: undefined,
    ...change,
  });
/** Asked for five minutes ago, when the restart was to come in ten. */
const snooze = (until: number, more: object = {}) => ({ at: minutes(-5), first: minutes(5), until, ...more });

describe('the restart behind the last step of a run', () => {
  it('gives people the longest of the times that the deployment, the settings and the sequence say', () => {
    expect(plan()).toMatchObject({ kind: 'countdown', ends: minutes(15), isTold: false, snoozed: false });
    expect(plan({ settings: { restartWarnMinutes: 90 } })).toMatchObject({ ends: minutes(90) });
    expect(plan({ settings: { restartWarnMinutes: 5 } })).toMatchObject({ ends: minutes(15) });
    expect(plan({ delaySeconds: 1800 })).toMatchObject({ ends: minutes(30) });
    expect(plan({ settings: { restartFinalMinutes: 5 } })).toMatchObject({ finalMilliseconds: 300_000 });
  });

  it('of a run that somebody here wanted comes at once', () => {
    const settings = { restartWarnMinutes: 90, restartFinalMinutes: 5 };
    expect(plan({ asked: true, settings })).toMatchObject({ ends: now, finalMilliseconds: 0 });
  });

  it('waits for a window with room for the time of people', () => {
    expect(plan({ windows: [window(45)] })).toMatchObject({ kind: 'countdown' });
    expect(plan({ windows: [window(44)] })).toEqual({ kind: 'later', lookAgain: undefined });
    expect(plan({ windows: [window(45)], settings: { restartWarnMinutes: 90 } })).toMatchObject({ kind: 'later' });
  });

  it('goes on being counted down when the agent was away for a moment, and anew behind a long time or a clock that was set', () => {
    expect(plan({ told: minutes(4) })).toMatchObject({ ends: minutes(4), isTold: true });
    expect(plan({ told: minutes(-4) })).toMatchObject({ ends: minutes(-4), isTold: true });
    expect(plan({ told: minutes(-6) })).toMatchObject({ ends: minutes(15), isTold: false });
    expect(plan({ told: minutes(100) })).toMatchObject({ ends: minutes(15), isTold: false });
    expect(plan({ told: minutes(4), windows: [window(35)] })).toMatchObject({ ends: minutes(4) });
  });

  it('that people put off comes later, and is counted down again before', () => {
    expect(plan({ snooze: snooze(minutes(60)) })).toEqual({
      kind: 'later',
      lookAgain: minutes(45),
      snoozedUntil: minutes(60),
    });
    expect(plan({ snooze: snooze(minutes(10)) })).toMatchObject({ ends: minutes(10), isTold: false, snoozed: true });
    expect(plan({ snooze: snooze(minutes(10)), told: minutes(10) })).toMatchObject({ isTold: true });
  });

  it('is put off no further than the settings and its window let people', () => {
    const settings = { snoozeMinutes: 30 };
    expect(plan({ settings, snooze: snooze(minutes(60)) })).toMatchObject({ snoozedUntil: minutes(35) });
    expect(plan({ windows: [window(60)], snooze: snooze(minutes(60)) })).toMatchObject({
      snoozedUntil: minutes(30) - 1,
    });
    const rules = { warnMinutes: 15, restartOutsideWindows: true };
    expect(plan({ rules, windows: [window(60)], snooze: snooze(minutes(60)) })).toMatchObject({
      snoozedUntil: minutes(60),
    });
  });

  it('is counted down anew when the site allows it no longer, its time was missed, or the clock was set back', () => {
    const anew = { kind: 'countdown', ends: minutes(15), isTold: false, snoozed: false };
    expect(plan({ settings: {}, snooze: snooze(minutes(60)) })).toMatchObject(anew);
    expect(plan({ settings: { snoozeMinutes: 240, usersMayStart: false }, snooze: snooze(minutes(60)) })).toMatchObject(
      anew,
    );
    expect(plan({ snooze: snooze(minutes(-1)) })).toMatchObject(anew);
    expect(plan({ snooze: snooze(minutes(60), { at: minutes(1) }) })).toMatchObject(anew);
    // Of an earlier run.
    expect(plan({ snooze: snooze(minutes(60)), startedAt: minutes(-1) })).toMatchObject(anew);
    expect(plan({ windows: [window(20)], snooze: snooze(minutes(60)) })).toMatchObject({
      kind: 'later',
      lookAgain: undefined,
    });
  });
});
