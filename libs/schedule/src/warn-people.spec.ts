import { decideRestart, decideStart, type StartDecision, type StartFacts } from './decide-start.js';
import { describeStart } from './describe-start.js';
import type { MaintenanceWindow } from './maintenance-window.js';
import type { StartRules } from './start-rules.js';

const now = Date.parse('2026-11-26T12:00Z');
const minutes = (count: number): number => count * 60_000;
const decide = (facts: Partial<StartFacts> = {}, rules: Partial<StartRules> = {}): StartDecision =>
  decideStart(
    { purpose: 'Required', warnMinutes: 15, ...rules },
    { now, timeZone: 'UTC', windows: [], maximumMinutes: 60, ...facts },
  );
/** From now on, or since some minutes. */
const window = (durationMinutes: number, since = 0): MaintenanceWindow => ({
  name: 'w',
  schedule: { start: new Date(now - minutes(since)).toISOString() },
  durationMinutes,
});

describe('a deployment that warns people', () => {
  it('begins when they have had their time, from when they were told', () => {
    expect(decide()).toMatchObject({ state: 'start', begins: now + minutes(15) });
    expect(decide({ warnedAt: now - minutes(10) })).toMatchObject({ begins: now + minutes(5) });
    expect(decide({ warnedAt: now - minutes(15) })).toMatchObject({ begins: now });
    expect(describeStart(decide(), now)).toBe('starts at 2026-11-26T12:15:00.000Z, people here are warned');
  });

  it('warns them anew when the warning is long over, or comes from a clock that was ahead', () => {
    expect(decide({ warnedAt: now - minutes(19) })).toMatchObject({ begins: now });
    expect(decide({ warnedAt: now - minutes(20) })).toMatchObject({ begins: now + minutes(15) });
    expect(decide({ warnedAt: now + minutes(1) })).toMatchObject({ begins: now + minutes(15) });
  });

  it('begins at once when somebody asked for it', () => {
    expect(decide({ askedAt: now }, { usersMayStart: true })).toMatchObject({ because: 'asked', begins: now });
  });

  it('needs a window that has room for the warning and the run; without a limit for the run, for the warning', () => {
    expect(decide({ windows: [window(75)] })).toMatchObject({ state: 'start' });
    expect(decide({ windows: [window(74)] })).toMatchObject({ state: 'waiting', for: 'window' });
    expect(decide({ windows: [window(15)], maximumMinutes: 0 })).toMatchObject({ state: 'start' });
    expect(decide({ windows: [window(14)], maximumMinutes: 0 })).toMatchObject({ state: 'waiting', for: 'window' });
    // What was given to people already is not asked for again.
    expect(decide({ windows: [window(75, 15)], warnedAt: now - minutes(15) })).toMatchObject({ begins: now });
  });

  it('that would begin after its end does not warn anybody', () => {
    expect(decide({}, { expiresAt: '2026-11-26T12:15Z' }).state).toBe('waiting');
    expect(decide({}, { expiresAt: '2026-11-26T12:16Z' }).state).toBe('start');
  });
});

describe('the restart behind the last step of a run', () => {
  const open = window(60, 30);
  const later = { ...window(60), schedule: { start: '2026-11-27T01:00Z' } };
  // The table of deployments.md section 3.4: what the run itself may do outside of windows says nothing of the restart.
  it.each<[string, Parameters<typeof decideRestart>[0], readonly MaintenanceWindow[], boolean, unknown]>([
    ['without windows comes now', {}, [], false, 'now'],
    ['in a window comes now', {}, [open], false, 'now'],
    ['outside of windows waits for the next', {}, [later], false, { lookAgain: Date.parse('2026-11-27T01:00Z') }],
    ['may come outside of windows when the deployment says so', { restartOutsideWindows: true }, [later], false, 'now'],
    ['comes now when somebody asked for the run', {}, [later], true, 'now'],
    [
      'without any window to come waits for somebody',
      {},
      [{ ...open, durationMinutes: 5 }],
      false,
      { lookAgain: undefined },
    ],
    ['needs a window with room for the warning', { warnMinutes: 31 }, [open], false, { lookAgain: undefined }],
  ])('%s', (_what, rules, windows, asked, expected) => {
    expect(decideRestart(rules, { now, timeZone: 'UTC', windows, asked })).toEqual(expected);
  });
});
