import {
  type Assignment,
  CLIENT_SETTINGS,
  PEOPLE_SETTINGS,
  type PolicyWindow,
} from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
import { windowsForSequences } from '@muster/schedule/maintenance-window.js';
import { explainSettings } from './explain-settings.js';
import { goBySettings } from './go-by-settings.js';

const assignment = (purpose: 'Required' | 'Available', more: Partial<Assignment> = {}): Assignment => ({
  deployment: { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'rollout', generation: 1 },
  purpose,
  body: digestOf('body'),
  ...more,
});
const windowFor = (purpose?: PolicyWindow['for']): PolicyWindow => ({
  name: purpose ?? 'any',
  collection: 'servers',
  schedule: { start: '2026-12-01T01:00' },
  durationMinutes: 180,
  ...(purpose ? { for: purpose } : {}),
});
const under = (settings: SettingValues, change: Partial<Parameters<typeof goBySettings>[0]> = {}) =>
  goBySettings({
    assignments: [],
    windows: [],
    abilities: [CLIENT_SETTINGS],
    clientSettings: [{ name: 'kiosks', priority: 1, settings }],
    ...change,
  });

describe('policy under the settings of a device', () => {
  it('warns people before Required deployments that do not say it themselves, and of no others', () => {
    const told = under(
      { warnMinutes: 30, onMetered: true },
      { assignments: [assignment('Required'), assignment('Required', { warnMinutes: 5 }), assignment('Available')] },
    ).assignments;
    expect(told.map(({ warnMinutes, onMetered }) => [warnMinutes, onMetered])).toEqual([
      [30, true],
      [5, true],
      [undefined, undefined],
    ]);
  });

  it('lets windows for all deployments count beside those for sequences, and touches nothing else', () => {
    const windows = [windowFor('TaskSequences'), windowFor(), windowFor('SoftwareUpdates')];
    const ruling = (settings: SettingValues) =>
      windowsForSequences(under(settings, { windows }).windows)?.map(({ name }) => name);
    expect(ruling({ policyPollMinutes: 1 })).toEqual(['TaskSequences']);
    expect(ruling({ allDeploymentsWindows: false })).toEqual(['TaskSequences']);
    expect(ruling({ allDeploymentsWindows: true })).toEqual(['TaskSequences', 'any']);
  });

  it('says how often to ask to every agent, and what an agent must know itself only to those that do', () => {
    const settings = { policyPollMinutes: 5, cacheMegabytes: 100, warnMinutes: 30 };
    expect(under(settings)).toMatchObject({ pollSeconds: 300, settings: { cacheMegabytes: 100 } });
    expect(under(settings, { abilities: [] })).toMatchObject({ pollSeconds: 300, settings: {} });
    expect(under({ cacheMegabytes: 100 }).pollSeconds).toBeUndefined();
  });

  it('says what people are told to agents that know of that, and to no others', () => {
    const settings = { cacheMegabytes: 100, snoozeMinutes: 240, remindHours: 48 };
    expect(under(settings).settings).toEqual({ cacheMegabytes: 100 });
    expect(under(settings, { abilities: [CLIENT_SETTINGS, PEOPLE_SETTINGS] }).settings).toEqual(settings);
  });

  it('is explained with what an old agent does not go by', () => {
    const clientSettings = [
      { name: 'default', settings: { policyPollMinutes: 5, cacheMegabytes: 100, snoozeMinutes: 240 } },
    ];
    const toldTo = (abilities: readonly string[]) =>
      explainSettings({ clientSettings, abilities }).flatMap(({ name, winner, told }) =>
        winner ? [[name, told]] : [],
      );
    expect(toldTo([CLIENT_SETTINGS, PEOPLE_SETTINGS])).toEqual([
      ['policyPollMinutes', true],
      ['cacheMegabytes', true],
      ['snoozeMinutes', true],
    ]);
    expect(toldTo([CLIENT_SETTINGS])).toEqual([
      ['policyPollMinutes', true],
      ['cacheMegabytes', true],
      ['snoozeMinutes', false],
    ]);
    expect(toldTo([])).toEqual([
      ['policyPollMinutes', true],
      ['cacheMegabytes', false],
      ['snoozeMinutes', false],
    ]);
  });
});
