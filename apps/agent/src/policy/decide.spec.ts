import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { type BodyFacts, chooseRuns, type DecidingFacts, judgeAssignments } from './decide.js';

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
