import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import * as fc from 'fast-check';
import type { AssignmentFate } from '../policy/decide.js';
import { afterFailure, judgePreparation, type PreparationFacts } from './judge-preparation.js';
import type { Preparation } from './preparations.js';

const now = Date.parse('2026-11-26T12:00:00Z');
const hour = 3_600_000;
const iso = (instant: number): string => new Date(instant).toISOString();
const body = digestOfBytes('body');
const deployment = { uid: '0193e7a0-0000-7000-8000-00000000000a', name: 'd', generation: 1 };
const start = { state: 'start', because: 'trigger', due: now, begins: now } as const;
const fate = (more: Partial<Assignment> = {}, decision: AssignmentFate['decision'] = start): AssignmentFate => ({
  assignment: { deployment, purpose: 'Required', body, ...more },
  decision,
});
const waiting = (more: Partial<Preparation> = {}): Preparation => ({
  deployment,
  body,
  state: 'waiting',
  tries: 1,
  since: iso(now - hour),
  nextTryAt: iso(now + 60_000),
  code: 'content.no-location',
  message: 'nowhere',
  ...more,
});
const judge = (one: AssignmentFate, known?: Preparation, more: Partial<PreparationFacts> = {}) =>
  judgePreparation(one, known, {
    now,
    timeZone: 'UTC',
    complete: false,
    lastRunStartedAt: undefined,
    metered: false,
    ...more,
  });

describe('what is done for the content of a run', () => {
  it('is nothing when all of it is here, whatever was noted before', () => {
    expect(judge(fate(), undefined, { complete: true })).toEqual({ verdict: 'ready' });
    expect(judge(fate({ content: 'BeforeStart' }), waiting(), { complete: true })).toEqual({ verdict: 'ready' });
  });

  it('is a look where it is before each start, whose answer is good for a minute', () => {
    expect(judge(fate())).toMatchObject({ verdict: 'work', starting: true });
    const seen = (seconds: number): Preparation =>
      waiting({ state: 'ready', checkedAt: iso(now - seconds * 1000), nextTryAt: undefined });
    expect(judge(fate(), seen(59))).toEqual({ verdict: 'ready' });
    expect(judge(fate(), seen(61))).toMatchObject({ verdict: 'work' });
    // Wanted before the start, that it can be had is not enough.
    expect(judge(fate({ content: 'BeforeStart' }), seen(1))).toMatchObject({ verdict: 'work' });
  });

  it('is a download ahead only when Required content is wanted before a start that will come', () => {
    const window = { state: 'waiting', for: 'window', lookAgain: now + hour } as const;
    const before = { content: 'BeforeStart' } as const;
    expect(judge(fate(before, window))).toMatchObject({ verdict: 'work', starting: false });
    expect(judge(fate({}, window))).toEqual({ verdict: 'idle' });
    expect(judge(fate(before, { ...window, neverFits: true }))).toEqual({ verdict: 'idle' });
    expect(judge(fate(before, { ...window, for: 'availability' }))).toEqual({ verdict: 'idle' });
    expect(judge(fate({ ...before, purpose: 'Available' }, { state: 'offered' }))).toEqual({ verdict: 'idle' });
    expect(judge(fate(before, { state: 'held' }))).toEqual({ verdict: 'idle' });
    const trigger = { state: 'waiting', for: 'trigger', lookAgain: now + hour } as const;
    const triggers = [{ schedule: { start: '2026-11-26T13:00Z' } }];
    expect(judge(fate({ ...before, triggers }, trigger))).toMatchObject({ verdict: 'work' });
    // It has run and has no other trigger: what comes next is its end.
    expect(judge(fate(before, trigger), undefined, { lastRunStartedAt: now - 1 })).toEqual({ verdict: 'idle' });
  });

  it('comes from the time of a schedule on, also when that is before the deployment is available', () => {
    const early = { state: 'waiting', for: 'availability', lookAgain: now + 5 * hour } as const;
    const at = (start: string): Partial<Assignment> => ({
      content: 'BeforeStart',
      triggers: [{ schedule: { start } }],
    });
    expect(judge(fate(at('2026-11-26T12:00'), early))).toMatchObject({ verdict: 'work', starting: false });
    expect(judge(fate(at('2026-11-26T12:00'), early), undefined, { metered: true })).toEqual({ verdict: 'idle' });
    // By the clock of the device, for which the time is yet to come.
    expect(judge(fate(at('2026-11-26T15:00'), early), undefined, { timeZone: 'Europe/Berlin' })).toEqual({
      verdict: 'wait',
      until: now + 2 * hour,
    });
    expect(judge(fate({ ...at('2026-11-26T12:00'), content: 'AsNeeded' }, early))).toEqual({ verdict: 'idle' });
    const soon = { content: 'BeforeStart', triggers: [{ event: 'AsSoonAsPossible' }] } as const;
    expect(judge(fate({ ...soon, triggers: [...soon.triggers] }, early))).toEqual({ verdict: 'idle' });
  });

  it('waits for the next try, but tries at once when the trigger has come meanwhile or the body is another', () => {
    expect(judge(fate(), waiting())).toEqual({ verdict: 'wait', until: now + 60_000 });
    expect(judge(fate(), waiting({ since: undefined }))).toMatchObject({ verdict: 'work' });
    expect(judge(fate(), waiting({ body: digestOfBytes('older') }))).toMatchObject({ verdict: 'work' });
    expect(judge(fate(), waiting({ nextTryAt: iso(now) }))).toMatchObject({ verdict: 'work' });
  });

  it('ends at the end of the deployment, or 72 hours after the run should have begun', () => {
    const expired = { state: 'expired', at: now } as const;
    const code = 'content.deadline-passed';
    expect(judge(fate({ expiresAt: iso(now) }, expired), waiting())).toMatchObject({ verdict: 'refused', code });
    expect(judge(fate({}), waiting({ since: iso(now - 72 * hour) }))).toMatchObject({ verdict: 'refused', code });
    expect(judge(fate({}), waiting({ since: iso(now - 71.9 * hour) }))).toMatchObject({ verdict: 'wait' });
    const asked = { purpose: 'Available' } as const;
    const coming = { since: iso(now - 72 * hour), code: 'content.on-its-way' };
    expect(judge(fate(asked), waiting(coming))).toMatchObject({ verdict: 'refused', code });
    // What nobody waited for only expires, and so does what had all it needed.
    expect(judge(fate({ expiresAt: iso(now) }, expired), waiting({ since: undefined }))).toEqual({ verdict: 'idle' });
    expect(judge(fate({ expiresAt: iso(now) }, expired), waiting({ state: 'ready' }))).toEqual({ verdict: 'idle' });
  });

  it('is that of the next run when a run has been since it was noted', () => {
    const refused = { code: 'content.removed', message: 'gone' };
    expect(judge(fate(), waiting({ refused }))).toMatchObject({ verdict: 'refused', code: 'content.removed' });
    expect(judge(fate(), waiting({ refused }), { lastRunStartedAt: now - 1 })).toMatchObject({ verdict: 'work' });
  });
});

describe('content that cannot be had', () => {
  const facts = { tries: 1, starting: true, now, deadline: undefined, random: 0.5 };

  it('fails an Available run at once, and any run when no later try can help', () => {
    expect(afterFailure('Available', 'content.no-location', facts)).toEqual({ refused: true });
    expect(afterFailure('Available', 'content.on-its-way', facts)).toHaveProperty('nextTry');
    expect(afterFailure('Required', 'content.larger-than-cache', facts)).toEqual({ refused: true });
    expect(afterFailure('Required', 'content.removed', facts)).toEqual({ refused: true });
    expect(afterFailure('Required', 'content.removed', { ...facts, starting: false })).toHaveProperty('nextTry');
  });

  it('is tried again ever later, at most an hour and a quarter, and once more just before the deadline', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(200),
        (...args) => {
          const [tries, random, minutes] = args;
          const deadline = now + minutes * 60_000;
          const after = afterFailure('Required', 'content.cache-full', { ...facts, tries, random, deadline });
          if (!('nextTry' in after)) throw new Error('a Required one waits');
          expect(after.nextTry).toBeLessThanOrEqual(deadline);
          expect(after.nextTry).toBeGreaterThanOrEqual(now);
          expect(after.nextTry - now).toBeLessThanOrEqual(75 * 60_000);
          if (minutes > 0 && minutes < 2 && tries > 9) expect(after.nextTry).toBe(deadline - 10_000);
        },
      ),
    );
  });
});
