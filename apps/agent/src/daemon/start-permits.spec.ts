import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { judgePermit, type StartPermit } from './start-permits.js';

const now = Date.parse('2026-11-26T12:00:00Z');
const deployment = { uid: '0193e7a0-0000-7000-8000-00000000000a', name: 'd' };
const runId = '0193e7a0-0000-7000-8000-00000000000b';
const assignment: Assignment = {
  deployment: { ...deployment, generation: 1 },
  purpose: 'Required',
  body: digestOf('body'),
  rollout: { change: 3 },
};
const known = (more: Partial<StartPermit>): StartPermit => ({
  deployment,
  body: assignment.body,
  runId,
  change: 3,
  ...more,
});
const later = '2026-11-26T12:10:00Z';
const refused = { askAgainAt: later, code: 'rollout.is-paused', message: 'it is paused' };

describe('what is to be done about a start permit', () => {
  it('is nothing for a deployment without a rollout', () => {
    const { rollout: _rollout, ...plain } = assignment;
    expect(judgePermit(plain, undefined, now)).toBeUndefined();
  });

  it.each<[string, StartPermit | undefined, unknown]>([
    ['is to ask where nothing is known', undefined, { verdict: 'ask', runId: undefined }],
    ['is to ask again with the same run after a crash', known({}), { verdict: 'ask', runId }],
    ['is to start with a permit', known({ startBefore: later }), { verdict: 'start', runId, until: Date.parse(later) }],
    [
      'is to ask again when the permit is too old',
      known({ startBefore: '2026-11-26T12:00:00Z' }),
      { verdict: 'ask', runId },
    ],
    [
      'is to wait after a refusal',
      known(refused),
      { verdict: 'wait', until: Date.parse(later), says: 'waits for a start permit: it is paused' },
    ],
    [
      'is to ask when that time has come',
      known({ ...refused, askAgainAt: '2026-11-26T12:00:00Z' }),
      { verdict: 'ask', runId },
    ],
    ['is to ask when the rollout is further', known({ ...refused, change: 2 }), { verdict: 'ask', runId }],
    [
      'is to ask anew for another body',
      known({ body: digestOf('old'), startBefore: later }),
      { verdict: 'ask', runId: undefined },
    ],
  ])('%s', (_what, found, verdict) => {
    expect(judgePermit(assignment, found, now)).toEqual(verdict);
  });
});
