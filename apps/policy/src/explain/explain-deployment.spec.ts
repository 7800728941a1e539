import { digestOf } from '@muster/contracts/digest.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
import { explainDeployment } from './explain-deployment.js';

const uid = '7b7e4c5e-0000-4000-8000-000000000001';
const explained = (purpose: 'Available' | 'Required', settings: SettingValues) =>
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
      device: { uid, name: 'kiosk-7' },
      content: { windows: [], abilities: [], clientSettings: [{ name: 'kiosks', priority: 1, settings }] },
      refusal: undefined,
      secrets: undefined,
      now: 0,
    },
  ).start;

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
