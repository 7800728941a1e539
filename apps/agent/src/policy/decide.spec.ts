import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { beginsByItself, type BodyFacts, chooseRuns, type DecidingFacts, judgeAssignments } from './decide.js';
import { decisionSays } from './decision-says.js';

const now = Date.parse('2026-11-21T12:00:00Z');
const uid = (number: number): string => `0193e7a0-0000-7000-8000-00000000000${number}`;
const assignment = (number: number, more: Partial<Assignment> = {}): Assignment => ({
  deployment: { uid: uid(number), name: `d${number}`, generation: 1 },
  purpose: 'Required',
  body: digestOfBytes(String(number)),
  ...more,
});
const sequence = (maximumMinutes: number, properties: BodyFacts['properties'] = {}): BodyFacts => ({
  enabled: true,
  maximumMinutes,
  content: [],
  properties,
  highImpact: false,
});
const facts = (more: Partial<DecidingFacts> = {}): DecidingFacts => ({
  now,
  timeZone: 'UTC',
  bootedAt: undefined,
  windows: [],
  body: () => sequence(120),
  loggedOnAt: undefined,
  loggedOffAt: undefined,
  metered: false,
  os: { id: 'debian', versionId: '12', architecture: 'x64' },
  computer: {},
  lastRun: () => undefined,
  askedAt: () => undefined,
  refusal: () => undefined,
  warnedAt: () => undefined,
  snoozedUntil: () => undefined,
  ...more,
});
const nameOf = (assignments: Assignment[], more: Partial<DecidingFacts> = {}): string | undefined =>
  chooseRuns(judgeAssignments(assignments, facts(more))).runs[0]?.deployment.name;

describe('what to run now', () => {
  it('is a Required assignment, not an Available one', () => {
    expect(nameOf([assignment(1, { purpose: 'Available' }), assignment(2)])).toBe('d2');
  });

  it('is nothing whose sequence is for other platforms, and that is said', () => {
    const on = (os: string) => facts({ body: () => sequence(120, { platforms: [{ os }] }) });
    expect(judgeAssignments([assignment(1)], on('debian'))[0]?.decision.state).toBe('start');
    expect(judgeAssignments([assignment(1)], on('fedora'))[0]?.decision).toEqual({
      state: 'rejected',
      says: 'its task sequence is for fedora, and this computer is debian 12 x64',
    });
  });

  it('is nothing that has finished on this device and has no other trigger', () => {
    const lastRun = (deploymentUid: string) =>
      deploymentUid === uid(1) ? { startedAt: now - 1000, succeeded: true } : undefined;
    expect(nameOf([assignment(1)], { lastRun })).toBeUndefined();
    expect(nameOf([assignment(1), assignment(2)], { lastRun })).toBe('d2');
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

  it('takes the one that has been available longest, and passes over one whose body is missing or switched off', () => {
    const older = assignment(2, { availableAt: '2026-11-01T00:00:00Z' });
    const newer = assignment(1, { availableAt: '2026-11-02T00:00:00Z' });
    expect(nameOf([newer, older])).toBe('d2');
    for (const body of [undefined, { ...sequence(1), enabled: false }]) {
      const one: DecidingFacts['body'] = (digest) => (digest === older.body ? body : sequence(120));
      expect(nameOf([newer, older], { body: one })).toBe('d1');
    }
  });

  it('is what somebody asked for before anything else', () => {
    const askedAt = (deploymentUid: string) => (deploymentUid === uid(2) ? now : undefined);
    expect(nameOf([assignment(1), assignment(2, { purpose: 'Available' })], { askedAt })).toBe('d2');
  });

  it('says when the next one becomes available', () => {
    const soon = assignment(1, { availableAt: '2026-11-21T12:00:30Z' });
    const late = assignment(2, { availableAt: '2026-11-21T13:00:00Z' });
    const fates = judgeAssignments([late, soon], facts());
    expect(chooseRuns(fates)).toEqual({ runs: [], lookAgain: now + 30_000 });
  });

  it('waits for a window of this device that the run fits into', () => {
    const windows = [{ name: 'w', schedule: { start: '2026-11-21T11:00Z' }, durationMinutes: 120 }];
    const lasting = (maximumMinutes: number): Partial<DecidingFacts> => ({
      windows,
      body: () => sequence(maximumMinutes),
    });
    expect(nameOf([assignment(1)], lasting(60))).toBe('d1');
    expect(nameOf([assignment(1)], lasting(61))).toBeUndefined();
  });
});

describe('a start that people put off', () => {
  const minutes = (count: number): number => now + count * 60_000;
  const warned = assignment(1, { warnMinutes: 15, usersMayStart: true });
  const decided = (until: number, more: Partial<DecidingFacts> = {}, of: Assignment = warned) =>
    judgeAssignments([of], facts({ warnedAt: () => minutes(-5), snoozedUntil: () => until, ...more }))[0]?.decision;

  it('begins when they want, and is said so', () => {
    const decision = decided(minutes(40));
    expect(decision).toMatchObject({ state: 'start', because: 'trigger', begins: minutes(40), snoozed: true });
    expect(decision && decisionSays(decision, now)).toBe('put off by people here until 2026-11-21T12:40:00.000Z');
    // Also when people have been told of it again.
    expect(decided(minutes(10))).toMatchObject({ begins: minutes(10), snoozed: true });
  });

  it('begins at that time as if people had been told of it, and anew when that was missed', () => {
    expect(decided(minutes(0))).toMatchObject({ begins: now });
    expect(decided(minutes(-4))).toMatchObject({ begins: now });
    expect(decided(minutes(-6))).toMatchObject({ begins: minutes(15) });
  });

  it('begins sooner where its window closed in on it, and waits where it is none for it any more', () => {
    const window = (durationMinutes: number) => [
      { name: 'w', schedule: { start: new Date(minutes(-30)).toISOString() }, durationMinutes },
    ];
    expect(decided(minutes(40), { windows: window(170) })).toMatchObject({ begins: minutes(20), snoozed: true });
    expect(decided(minutes(40), { windows: window(149) })).toMatchObject({ state: 'waiting', for: 'window' });
    const ends = { ...warned, expiresAt: new Date(minutes(30)).toISOString() };
    expect(decided(minutes(40), {}, ends)).toMatchObject({ begins: minutes(30) - 1, snoozed: true });
  });

  it('begins now when somebody asks for it, and has nothing to put off without a warning', () => {
    expect(decided(minutes(40), { askedAt: () => now })).toMatchObject({ because: 'asked', begins: now });
    expect(decided(minutes(40), {}, assignment(1))).toMatchObject({ begins: now });
  });

  it('and any other is one of which people can be told once they were warned, or its time is known', () => {
    const begins = (more: Partial<Assignment>, known: Partial<DecidingFacts> = {}) => {
      const all = facts(known);
      const one = assignment(1, { warnMinutes: 15, ...more });
      return judgeAssignments([one], all).map((fate) => beginsByItself(fate, all))[0];
    };
    const tomorrow = { triggers: [{ schedule: { start: '2026-11-22T12:00Z' } }] };
    expect(begins(tomorrow)).toBe(Date.parse('2026-11-22T12:15Z'));
    expect(begins({})).toBeUndefined();
    expect(begins({}, { warnedAt: () => minutes(-5) })).toBe(minutes(10));
    expect(begins({ ...tomorrow, availableAt: '2026-11-22T00:00Z' })).toBeUndefined();
    expect(begins({ ...tomorrow, hold: 'Starts' })).toBeUndefined();
    expect(begins({ purpose: 'Available' })).toBeUndefined();
  });
});
