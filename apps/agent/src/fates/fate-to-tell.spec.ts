import { digestOf } from '@muster/contracts/digest.js';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Preparation } from '../daemon/preparations.js';
import type { AssignmentFate } from '../policy/decide.js';
import { fateToTell, type Surroundings } from './fate-to-tell.js';

const now = Date.parse('2026-11-27T12:00Z');
const later = now + 3_600_000;
const deployment = { uid: '0193e7a0-0000-7000-8000-0000000000d1', name: 'd', generation: 1 };
const assignment: Assignment = { deployment, purpose: 'Required', body: digestOf('body') };
const start: AssignmentFate['decision'] = { state: 'start', because: 'trigger', due: now, begins: now };

function told(decision: AssignmentFate['decision'], known: Partial<Surroundings> = {}, more: Partial<Assignment> = {}) {
  return fateToTell(
    { assignment: { ...assignment, ...more }, decision },
    { now, preparation: undefined, hasRun: false, warned: false, busy: false, secrets: undefined, ...known },
  );
}

const preparation: Preparation = { deployment, body: assignment.body, state: 'working', tries: 0 };

describe('what the site is told of a deployment', () => {
  it.each<[AssignmentFate['decision'], object]>([
    [
      { state: 'waiting', for: 'window', lookAgain: later },
      { state: 'waiting', reason: 'window', until: later },
    ],
    [
      { state: 'waiting', for: 'window', lookAgain: undefined, neverFits: true },
      { state: 'waiting', reason: 'no-window' },
    ],
    [
      { state: 'held', lookAgain: undefined },
      { state: 'waiting', reason: 'held' },
    ],
    [{ state: 'no-body' }, { state: 'waiting', reason: 'policy' }],
    [{ state: 'disabled' }, { state: 'waiting', reason: 'disabled' }],
    [
      { state: 'rejected', says: 'other platforms' },
      { state: 'rejected', says: 'other platforms' },
    ],
    [{ state: 'expired', at: now }, { state: 'expired' }],
    [{ state: 'offered' }, { state: 'offered' }],
  ])('%j is %j', (decision, expected) => {
    expect(told(decision)).toMatchObject(expected);
  });

  it('has no time of things that are asked again and again, so that they are told once', () => {
    expect(told({ state: 'no-permit', says: 'waits for a start permit', lookAgain: later })).toEqual({
      state: 'waiting',
      reason: 'permit',
      says: 'waits for a start permit',
    });
    expect(told({ state: 'not-rerun', rerun: 'Never', due: now, lookAgain: later })).not.toHaveProperty('until');
  });

  it('is nothing when the run begins now, and what it waits for when another run goes on', () => {
    expect(told(start)).toBeUndefined();
    expect(told(start, { busy: true })).toMatchObject({ state: 'waiting', reason: 'other-run' });
  });

  it('is the end of the time of people only once they were told of it', () => {
    const warned = { ...start, begins: later };
    expect(told(warned)).toBeUndefined();
    expect(told(warned, { warned: true })).toMatchObject({ state: 'waiting', reason: 'people', until: later });
  });

  it('is a download while content comes, and waiting from its first failure until a try succeeds', () => {
    const before = { content: 'BeforeStart' as const };
    expect(told(start, { preparation }, before)).toMatchObject({ state: 'downloading' });
    const failed: Preparation = { ...preparation, tries: 1, code: 'content.no-location', message: 'no point has it' };
    const deadline = new Date(later).toISOString();
    const waits = {
      state: 'waiting',
      reason: 'content',
      until: later,
      says: `waits for its content until ${deadline}; content.no-location: no point has it`,
    };
    const waiting: Preparation = { ...failed, state: 'waiting', deadline, nextTryAt: new Date(now).toISOString() };
    expect(told(start, { preparation: waiting }, before)).toEqual(waits);
    expect(told(start, { preparation: { ...failed, deadline } }, before)).toEqual(waits);
    expect(told(start, { preparation: waiting })).toEqual(waits);
    expect(told(start, { preparation: { ...preparation, state: 'ready' } }, before)).toBeUndefined();
  });

  it('is of no interest behind a run when nothing more will come of it', () => {
    const over = { state: 'waiting', for: 'trigger', lookAgain: undefined } as const;
    expect(told(over, { hasRun: true })).toMatchObject({ quiet: true });
    expect(told({ state: 'expired', at: now }, { hasRun: true })).toMatchObject({ quiet: true });
    expect(told(over)).not.toHaveProperty('quiet');
    expect(told({ ...over, lookAgain: later }, { hasRun: true })).not.toHaveProperty('quiet');
  });

  it('is that nothing runs without its secrets, whatever else', () => {
    expect(told(start, { secrets: 'no key' })).toEqual({ state: 'waiting', reason: 'secrets', says: 'waits: no key' });
  });
});
