import * as fc from 'fast-check';
import { decideStart, runsAgain, type StartDecision, type StartFacts } from './decide-start.js';
import type { MaintenanceWindow } from './maintenance-window.js';
import type { Rerun, StartRules } from './start-rules.js';

const at = (text: string): number => Date.parse(text);
const now = at('2026-11-26T12:00Z');
const required = (more: Partial<StartRules> = {}): StartRules => ({ purpose: 'Required', ...more });
const decide = (rules: StartRules, facts: Partial<StartFacts> = {}): StartDecision =>
  decideStart(rules, { now, timeZone: 'UTC', windows: [], maximumMinutes: 120, ...facts });
const ran = (startedAt: string, succeeded = true): Partial<StartFacts> => ({
  lastRun: { startedAt: at(startedAt), succeeded },
});
const daily = (start: string): StartRules['triggers'] => [{ schedule: { start, repeat: { every: { days: 1 } } } }];
const night: MaintenanceWindow = {
  name: 'night',
  schedule: { start: '2026-01-01T01:00Z', repeat: { every: { days: 1 } } },
  durationMinutes: 180,
};

describe('a Required deployment', () => {
  it('without triggers starts as soon as it may, once', () => {
    expect(decide(required())).toMatchObject({ state: 'start', because: 'trigger' });
    expect(decide(required(), ran('2020-01-01T00:00Z', false))).toEqual({
      state: 'waiting',
      for: 'trigger',
      lookAgain: undefined,
    });
  });

  it('waits for its availability, in the zone of the device when it says no other', () => {
    const rules = required({ availableAt: '2026-11-26T13:00' });
    expect(decide(rules)).toEqual({ state: 'waiting', for: 'availability', lookAgain: at('2026-11-26T13:00Z') });
    expect(decide(rules, { timeZone: 'Europe/Berlin' })).toMatchObject({ state: 'start' });
  });

  it('is not started while it is held, whoever asks for it', () => {
    for (const hold of ['Starts', 'Runs'] as const) {
      expect(decide(required({ hold, usersMayStart: true }), { askedAt: now })).toMatchObject({ state: 'held' });
      expect(decide({ purpose: 'Available', hold }, { askedAt: now })).toMatchObject({ state: 'held' });
    }
  });

  it('is not started on the Internet unless it is for the Internet, whoever asks', () => {
    const waits = { state: 'waiting', for: 'network', lookAgain: undefined };
    const asked = { onInternet: true, askedAt: now };
    expect(decide(required(), { onInternet: true })).toEqual(waits);
    expect(decide(required({ usersMayStart: true, onInternet: false }), asked)).toEqual(waits);
    expect(decide({ purpose: 'Available' }, asked)).toEqual(waits);
    expect(decide({ purpose: 'Available', onInternet: true }, asked)).toMatchObject({ state: 'start' });
    expect(decide(required({ onInternet: true }), { onInternet: true })).toMatchObject({ state: 'start' });
    expect(decide(required({ onInternet: false }), { onInternet: false })).toMatchObject({ state: 'start' });
  });

  it('is started where a write filter drops what it does, unless it must not be, whoever asks', () => {
    const filtered = { writeFilter: true, askedAt: now };
    const waits = { state: 'waiting', for: 'write-filter', lookAgain: at('2026-11-27T00:00Z') };
    expect(decide(required(), filtered)).toMatchObject({ state: 'start' });
    expect(decide(required({ onWriteFilter: true }), filtered)).toMatchObject({ state: 'start' });
    expect(decide(required({ onWriteFilter: false, expiresAt: '2026-11-27T00:00Z' }), filtered)).toEqual(waits);
    expect(decide({ purpose: 'Available', onWriteFilter: false }, filtered)).toMatchObject({ for: 'write-filter' });
    expect(decide(required({ onWriteFilter: false }), { writeFilter: false })).toMatchObject({ state: 'start' });
  });

  it('is not started once it has expired, and says when it will', () => {
    expect(decide(required({ expiresAt: '2026-11-26T12:00Z' }))).toEqual({ state: 'expired', at: now });
    expect(decide(required({ triggers: daily('2026-12-01T00:00Z'), expiresAt: '2026-11-30T00:00Z' }))).toEqual({
      state: 'waiting',
      for: 'trigger',
      lookAgain: at('2026-11-30T00:00Z'),
    });
  });

  it('starts at each time of its schedule, and not twice for one', () => {
    const rules = required({ triggers: daily('2026-11-01T10:00Z') });
    expect(decide(rules, ran('2026-11-25T10:00Z'))).toEqual({
      state: 'start',
      because: 'trigger',
      due: at('2026-11-26T10:00Z'),
      begins: now,
    });
    expect(decide(rules, ran('2026-11-26T10:00Z'))).toEqual({
      state: 'waiting',
      for: 'trigger',
      lookAgain: at('2026-11-27T10:00Z'),
    });
  });

  it('that missed several times runs once for all of them', () => {
    expect(decide(required({ triggers: daily('2026-11-01T10:00Z') }), ran('2026-11-02T10:00Z'))).toMatchObject({
      due: at('2026-11-26T10:00Z'),
    });
  });

  it('whose trigger came before it was available starts when it is available', () => {
    const rules = required({
      triggers: [{ schedule: { start: '2026-11-20T00:00Z' } }],
      availableAt: '2026-11-26T11:00Z',
    });
    expect(decide(rules)).toMatchObject({ state: 'start', due: at('2026-11-26T11:00Z') });
    expect(decide(rules, ran('2026-11-26T11:00Z'))).toMatchObject({ state: 'waiting', for: 'trigger' });
  });

  it('with the trigger Startup runs once after each start of the computer', () => {
    const rules = required({ triggers: [{ event: 'Startup' }] });
    const bootedAt = at('2026-11-26T08:00Z');
    expect(decide(rules, { bootedAt, ...ran('2026-11-26T07:00Z') })).toMatchObject({ state: 'start', due: bootedAt });
    expect(decide(rules, { bootedAt, ...ran('2026-11-26T08:01Z') })).toMatchObject({ state: 'waiting' });
    expect(decide(rules)).toMatchObject({ state: 'waiting', for: 'trigger' });
    expect(decide(rules, { bootedAt, deployedAt: bootedAt + 1 })).toMatchObject({ state: 'waiting', for: 'trigger' });
  });

  it.each(['LogOn', 'LogOff'] as const)('with the trigger %s runs once after each, if it was there before', (event) => {
    const rules = required({ triggers: [{ event }] });
    const happened = at('2026-11-26T08:00Z');
    const facts = event === 'LogOn' ? { loggedOnAt: happened } : { loggedOffAt: happened };
    expect(decide(rules, { ...facts, ...ran('2026-11-26T07:00Z') })).toMatchObject({ state: 'start', due: happened });
    expect(decide(rules, { ...facts, ...ran('2026-11-26T08:01Z') })).toMatchObject({ state: 'waiting' });
    expect(decide(rules, { ...facts, deployedAt: happened + 1 })).toMatchObject({ state: 'waiting' });
    expect(decide(rules, event === 'LogOn' ? { loggedOffAt: happened } : { loggedOnAt: happened })).toEqual({
      state: 'waiting',
      for: 'trigger',
      lookAgain: undefined,
    });
  });

  it.each<[Rerun, boolean, boolean]>([
    ['Always', true, true],
    ['Always', false, true],
    ['Never', true, false],
    ['Never', false, false],
    ['IfFailed', true, false],
    ['IfFailed', false, true],
    ['IfSucceeded', true, true],
    ['IfSucceeded', false, false],
  ])('with rerun %s after success = %s runs again: %s', (rerun, succeeded, expected) => {
    const rules = required({ triggers: daily('2026-11-01T10:00Z'), rerun });
    const decision = decide(rules, ran('2026-11-25T10:00Z', succeeded));
    expect(decision.state).toBe(expected ? 'start' : 'not-rerun');
    expect(decide(rules).state).toBe('start');
  });

  it('waits for a maintenance window that is long enough, unless it may run outside of them', () => {
    expect(decide(required(), { windows: [night] })).toEqual({
      state: 'waiting',
      for: 'window',
      lookAgain: at('2026-11-27T01:00Z'),
    });
    expect(decide(required(), { windows: [night], now: at('2026-11-27T02:00Z') })).toMatchObject({ state: 'start' });
    expect(decide(required(), { windows: [night], now: at('2026-11-27T02:01Z') })).toMatchObject({
      state: 'waiting',
      lookAgain: at('2026-11-28T01:00Z'),
    });
    expect(decide(required({ outsideWindows: true }), { windows: [night] })).toMatchObject({ state: 'start' });
  });

  it('never runs when it takes longer than every window', () => {
    expect(decide(required(), { windows: [night], maximumMinutes: 181 })).toEqual({
      state: 'waiting',
      for: 'window',
      lookAgain: undefined,
      neverFits: true,
    });
    expect(decide(required({ expiresAt: '2026-11-27T00:30Z' }), { windows: [night] })).toEqual({
      state: 'waiting',
      for: 'window',
      lookAgain: at('2026-11-27T00:30Z'),
      neverFits: true,
    });
  });

  it('does not restrict by a window for software updates', () => {
    expect(decide(required(), { windows: [{ ...night, for: 'SoftwareUpdates' }] })).toMatchObject({ state: 'start' });
  });

  it('may be started by somebody at the device only when it says so, then outside windows too', () => {
    const rules = required({ triggers: daily('2027-01-01T00:00Z') });
    const facts = { askedAt: now, windows: [night] };
    expect(decide(rules, facts)).toMatchObject({ state: 'waiting' });
    expect(decide({ ...rules, usersMayStart: true }, facts)).toEqual({
      state: 'start',
      because: 'asked',
      due: now,
      begins: now,
    });
  });
});

describe('an Available deployment', () => {
  const available: StartRules = { purpose: 'Available' };

  it('is offered until somebody asks for it, any number of times', () => {
    expect(decide(available)).toMatchObject({ state: 'offered' });
    expect(decide(available, { askedAt: now, windows: [night], ...ran('2026-11-26T11:00Z') })).toMatchObject({
      state: 'start',
      because: 'asked',
    });
  });

  it('cannot be asked for before it is available or after it has expired', () => {
    expect(decide({ ...available, availableAt: '2026-11-27T00:00Z' }, { askedAt: now }).state).toBe('waiting');
    expect(decide({ ...available, expiresAt: '2026-11-26T00:00Z' }, { askedAt: now }).state).toBe('expired');
  });
});

describe('any decision', () => {
  const moment = fc
    .integer({ min: -3 * 24 * 60, max: 3 * 24 * 60 })
    .map((minutes) => new Date(now + minutes * 60_000).toISOString());
  const option = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  const every = fc.integer({ min: 1, max: 3 }).map((days) => ({ every: { days } }));
  const schedule = fc
    .tuple(moment, option(every))
    .map(([start, repeat]) => (repeat === undefined ? { start } : { start, repeat }));
  const rules: fc.Arbitrary<StartRules> = fc.record(
    {
      purpose: fc.constantFrom('Required' as const, 'Available' as const),
      availableAt: moment,
      expiresAt: moment,
      triggers: fc.array(
        fc.oneof(
          schedule.map((one) => ({ schedule: one })),
          fc.constantFrom({ event: 'AsSoonAsPossible' as const }, { event: 'Startup' as const }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      rerun: fc.constantFrom('Always' as const, 'Never' as const, 'IfFailed' as const, 'IfSucceeded' as const),
      usersMayStart: fc.boolean(),
      outsideWindows: fc.boolean(),
      warnMinutes: fc.integer({ min: 1, max: 90 }),
      hold: fc.constantFrom('Starts' as const, 'Runs' as const),
    },
    { requiredKeys: ['purpose'] },
  );
  const past = fc.integer({ min: 0, max: 4 * 24 * 60 }).map((minutes) => now - minutes * 60_000);
  const facts = fc.record({
    bootedAt: option(past),
    lastRun: option(fc.record({ startedAt: past, succeeded: fc.boolean() })),
    askedAt: option(past),
    warnedAt: option(past),
    windows: fc.array(
      fc.record({ name: fc.constant('w'), schedule, durationMinutes: fc.integer({ min: 5, max: 1440 }) }),
      { maxLength: 2 },
    ),
    maximumMinutes: fc.integer({ min: 0, max: 300 }),
  });

  it('stays the same until the instant at which it says to look again', () => {
    fc.assert(
      fc.property(rules, facts, fc.double({ min: 0, max: 1, noNaN: true }), (one, known, part) => {
        const decision = decide(one, known);
        if (decision.state === 'start' || decision.state === 'expired') return;
        const end = decision.lookAgain ?? now + 10 * 24 * 3_600_000;
        const between = Math.min(end - 1, now + Math.floor((end - now) * part));
        if (between <= now) return;
        const later = decide(one, { ...known, now: between });
        expect(later.state).toBe(decision.state);
        if (decision.state === 'waiting') expect(later).toMatchObject({ for: decision.for });
      }),
      {
        numRuns: 2000,
        examples: [
          // In a minute there is no time left to warn people before it expires: from then on it waits for no window.
          [
            {
              purpose: 'Required',
              expiresAt: new Date(now + 2 * 60_000).toISOString(),
              triggers: [{ event: 'AsSoonAsPossible' }],
              warnMinutes: 1,
            },
            {
              bootedAt: now,
              lastRun: undefined,
              askedAt: undefined,
              warnedAt: undefined,
              windows: [{ name: 'w', schedule: { start: new Date(now).toISOString() }, durationMinutes: 5 }],
              maximumMinutes: 5,
            },
            0.5,
          ],
        ],
      },
    );
  });

  it('after a run is never to start again for what that run was for', () => {
    fc.assert(
      fc.property(rules, facts, fc.boolean(), (one, known, succeeded) => {
        const decision = decide(one, known);
        if (decision.state !== 'start') return;
        const after = decide(one, {
          ...known,
          askedAt: undefined,
          warnedAt: undefined,
          lastRun: { startedAt: now, succeeded },
        });
        expect(after.state).not.toBe('start');
      }),
      { numRuns: 2000 },
    );
  });

  it('starts what never ran whatever the rule for reruns is', () => {
    fc.assert(
      fc.property(rules, facts, (one, known) => {
        const never = { ...known, lastRun: undefined };
        expect(decide({ ...one, rerun: 'Never' }, never)).toEqual(decide({ ...one, rerun: 'Always' }, never));
      }),
      { numRuns: 500 },
    );
    expect(runsAgain('Never', true)).toBe(false);
  });
});
