import { digestOf } from '@muster/contracts/digest.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import { explainDeployment } from './explain-deployment.js';

const uid = '7b7e4c5e-0000-4000-8000-000000000001';
const explained = (purpose: 'Available' | 'Required', settings: SettingValues) => explain(purpose, settings).start;
const explain = (purpose: 'Available' | 'Required', settings: SettingValues, told: Partial<KnownDevice> = {}) =>
  explainDeployment(
    {
      uid,
      name: 'tool',
      collection: 'kiosks',
      purpose,
      state: 'compiled',
      code: null,
      reason: null,
      assignment: { deployment: { uid, name: 'tool', generation: 1 }, purpose, body: digestOf('body') },
      enabled: null,
      maximumMinutes: null,
      platforms: null,
    },
    undefined,
    {
      device: { uid, name: 'kiosk-7', ...told },
      content: { windows: [], abilities: [], clientSettings: [{ name: 'kiosks', priority: 1, settings }] },
      refusal: undefined,
      secrets: undefined,
      now: 0,
    },
  );

describe('a deployment that somebody at the device must start', () => {
  it('is said to be startable by nobody where the settings of the device want that, and who says so', () => {
    expect(explained('Available', { usersMayStart: false })).toEqual({
      state: 'offered',
      says: 'nobody at the device may start anything (usersMayStart of settings "kiosks")',
      fate: { state: 'offered' },
    });
    expect(explained('Available', { usersMayStart: true })?.says).not.toContain('nobody');
  });

  it('is none of their matter when it is Required', () => {
    expect(explained('Required', { usersMayStart: false })?.state).toBe('start');
  });
});

describe('what only the device knows of a deployment', () => {
  const fate = {
    state: 'waiting',
    reason: 'connection',
    at: '2026-11-28T12:00:00.000Z',
    says: 'the connection is metered',
  };
  const other = { ...fate, deploymentUid: '7b7e4c5e-0000-4000-8000-000000000002', reason: 'people' };

  it('is said as it last told it, beside what the site works out', () => {
    const told = explain('Required', {}, { fates: [other, { ...fate, deploymentUid: uid }] });
    expect(told.lastTold).toEqual(fate);
    expect(told.start?.state).toBe('start');
  });

  it('is not claimed where it told nothing of this deployment, and not while a run tells more', () => {
    expect(explain('Required', {}, { fates: [other] })).not.toHaveProperty('lastTold');
    expect(explain('Required', {})).not.toHaveProperty('lastTold');
    const lastRuns = [{ deploymentUid: uid, ended: false, succeeded: false }];
    expect(explain('Required', {}, { fates: [{ ...fate, deploymentUid: uid }], lastRuns })).not.toHaveProperty(
      'lastTold',
    );
  });
});
