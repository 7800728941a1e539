import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import { judgeDeployment } from './judge-deployment.js';

const uid = '7b7e4c5e-0000-4000-8000-000000000001';
const now = Date.parse('2026-11-26T12:00:00Z');
const assignment = (more: Partial<Assignment> = {}): Assignment => ({
  deployment: { uid, name: 'd', generation: 1 },
  purpose: 'Required',
  body: digestOf('body'),
  ...more,
});
const device = (more: Partial<KnownDevice> = {}): KnownDevice => ({ uid, name: 'web-1', ...more });
const body = { enabled: true, maximumMinutes: null };
const ended = { deploymentUid: uid, ended: true, succeeded: true, startedAt: '2026-11-26T10:00:00.000Z' };

describe('what the site says of when a deployment starts on a device', () => {
  it.each<[string, Assignment, KnownDevice, string, string]>([
    ['nothing is in its way', assignment(), device(), 'start', 'starts next'],
    ['it has run', assignment(), device({ lastRuns: [ended] }), 'waiting', 'nothing makes it run again'],
    [
      'it runs right now',
      assignment(),
      device({ lastRuns: [{ ...ended, ended: false }] }),
      'running',
      'running since 2026-11-26T10:00:00.000Z',
    ],
    [
      'nothing is heard of its run any more',
      assignment(),
      device({ lastRuns: [{ ...ended, ended: false, silent: true }] }),
      'silent',
      'running since 2026-11-26T10:00:00.000Z as it last said; nothing was heard of it for 24 hours',
    ],
    [
      'it is not available yet, by the time zone of the device',
      assignment({ availableAt: '2026-11-26T14:00:00' }),
      device({ facts: { timeZone: 'Europe/Berlin' } }),
      'waiting',
      'not available before 2026-11-26T13:00:00.000Z',
    ],
    ['somebody holds it', assignment({ hold: 'Starts' }), device(), 'held', 'held by the site: nobody starts it'],
    [
      'people there put it off',
      assignment({ warnMinutes: 15, usersMayStart: true }),
      device({ snoozes: [{ deploymentUid: uid, until: '2026-11-26T12:40:00.000Z' }] }),
      'start',
      'put off by people here until 2026-11-26T12:40:00.000Z',
    ],
    [
      'it is for people at the device',
      assignment({ purpose: 'Available' }),
      device(),
      'offered',
      'starts when somebody asks for it: muster-agent start',
    ],
  ])('when %s', (_what, one, known, state, says) => {
    expect(judgeDeployment(one, body, known, [], now)).toMatchObject({ state, says });
  });

  it('when its sequence is for other platforms than the device last told, or the device told none', () => {
    const platforms = [{ os: 'debian', versions: ['12'] }];
    const on = (facts: KnownDevice['facts']) =>
      judgeDeployment(assignment(), { ...body, platforms }, device({ facts }), [], now);
    expect(on({ os: { id: 'debian', versionId: '12' } }).state).toBe('start');
    expect(on({ os: { id: 'debian', versionId: '11' } })).toEqual({
      state: 'rejected',
      says: 'its task sequence is for debian 12, and this computer is debian 11',
      fate: { state: 'rejected' },
    });
    expect(on(undefined).state).toBe('rejected');
  });

  it('when the device last told that it is on the Internet, or that it forgets', () => {
    const on = (facts: KnownDevice['facts'], rules: Partial<Assignment>) =>
      judgeDeployment(assignment(rules), body, device({ facts }), [], now).says;
    expect(on({ onInternet: true }, {})).toBe(
      'waits: this computer is on the Internet, and the deployment is not for the Internet (onInternet)',
    );
    expect(on({ onInternet: true }, { onInternet: true })).toBe('starts next');
    expect(on({ writeFilter: true }, { onWriteFilter: false })).toBe(
      'waits: a write filter would drop what it changes with the next restart (onWriteFilter)',
    );
    expect(on({ writeFilter: true }, {})).toBe('starts next');
  });

  it('when its sequence is disabled', () => {
    expect(judgeDeployment(assignment(), { ...body, enabled: false }, device(), [], now).state).toBe('disabled');
  });
});
