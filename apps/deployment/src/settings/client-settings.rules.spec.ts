import type { ClientSettingsSpec } from '@muster/contracts/kinds/client-settings.js';
import { refuseWrongTarget } from './client-settings.rules.js';

const settings: ClientSettingsSpec['settings'] = { policyPollMinutes: 5 };
const pathsOf = (name: string, target: Partial<ClientSettingsSpec>): unknown => {
  try {
    refuseWrongTarget(name, { settings, ...target });
    return [];
  } catch (error) {
    return (error as { findings: { path: string }[] }).findings.map(({ path }) => path);
  }
};

describe('whom settings are for', () => {
  it('is every device with the name "default", and only then', () => {
    expect(pathsOf('default', {})).toEqual([]);
    expect(pathsOf('default', { priority: 1, collections: ['all'] })).toEqual(['/spec/priority', '/spec/collections']);
    expect(pathsOf('default', { collections: ['all'] })).toEqual(['/spec/collections']);
  });

  it('is said by all others, with how strong they are', () => {
    expect(pathsOf('kiosks', { priority: 1, collections: ['kiosks'] })).toEqual([]);
    expect(pathsOf('kiosks', { collections: ['kiosks'] })).toEqual(['/spec/priority']);
    expect(pathsOf('kiosks', {})).toEqual(['/spec/priority', '/spec/collections']);
  });
});
