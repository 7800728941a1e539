import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { AssignmentFate } from '../policy/decide.js';
import { isNew } from './announcements.js';

const now = Date.parse('2026-11-26T12:00Z');
const made = (createdAt: string | undefined, more: Partial<Assignment> = {}): Assignment => ({
  deployment: {
    uid: '0193e7a0-0000-7000-8000-0000000000d1',
    name: 'd',
    generation: 1,
    ...(createdAt === undefined ? {} : { createdAt }),
  },
  purpose: 'Available',
  body: digestOf('body'),
  ...more,
});
const judged = (
  assignment: Assignment,
  decision: AssignmentFate['decision'] = { state: 'offered' },
  hasRun = false,
): boolean => isNew({ assignment, decision }, { now, timeZone: 'UTC', hasRun });

describe('a deployment is new to people', () => {
  it('in the first week in which it is available, until it has run', () => {
    expect(judged(made('2026-11-19T12:00:01Z'))).toBe(true);
    expect(judged(made('2026-11-19T12:00:00Z'))).toBe(false);
    expect(judged(made('2026-10-01T12:00:00Z', { availableAt: '2026-11-25T12:00' }))).toBe(true);
    expect(judged(made('2026-11-25T12:00:00Z', { availableAt: '2026-11-01T12:00' }))).toBe(true);
    expect(judged(made('2026-11-25T12:00:00Z'), { state: 'offered' }, true)).toBe(false);
  });

  it('only when something may come of it, and the site says since when it is there', () => {
    const yesterday = made('2026-11-25T12:00:00Z');
    expect(judged(yesterday, { state: 'waiting', for: 'window' })).toBe(true);
    expect(judged(yesterday, { state: 'waiting', for: 'availability' })).toBe(false);
    expect(judged(yesterday, { state: 'waiting', for: 'network' })).toBe(false);
    expect(judged(yesterday, { state: 'held' })).toBe(false);
    expect(judged(yesterday, { state: 'expired', at: now })).toBe(false);
    expect(judged(yesterday, { state: 'disabled' })).toBe(false);
    expect(judged(made(undefined))).toBe(false);
  });
});
