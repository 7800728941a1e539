import {
  type Assignment,
  CLIENT_SETTINGS,
  PEOPLE_SETTINGS,
  type PolicySettings,
  policySettingsSchema,
  type PolicyWindow,
} from '@muster/contracts/agent/policy.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
import { peopleSettingsShape } from '@muster/contracts/kinds/people-settings.js';
import { type SettingsOfDevice, valuesInForce } from '@muster/contracts/kinds/resultant-settings.js';
import { windowsForSequences } from '@muster/schedule/maintenance-window.js';

/** What a device would be told without its settings, and those. */
interface Untold {
  readonly assignments: readonly Assignment[];
  readonly windows: readonly PolicyWindow[];
  readonly abilities: readonly string[];
  readonly clientSettings: readonly SettingsOfDevice[];
}

/** What a device is told because of its settings. */
export interface UnderSettings {
  readonly assignments: readonly Assignment[];
  readonly windows: readonly PolicyWindow[];
  /** How often it asks; undefined: as the site is configured. */
  readonly pollSeconds: number | undefined;
  /** What its agent goes by itself; nothing, where it is too old to. */
  readonly settings: PolicySettings;
}

/** Settings that an agent must know itself, each with the ability by which it says so. */
const ABILITY_OF: ReadonlyMap<string, string> = new Map(
  Object.keys(policySettingsSchema.shape).map((name) => [
    name,
    name in peopleSettingsShape ? PEOPLE_SETTINGS : CLIENT_SETTINGS,
  ]),
);

/** Does a device go by a setting? An agent that is too old knows only those that are said in words of every release. */
export function goesBy(name: string, abilities: readonly string[]): boolean {
  const needed = ABILITY_OF.get(name);
  return needed === undefined || abilities.includes(needed);
}

/**
 * Policy under the settings of a device. What can be said in words that every agent knows is said in those: deployments that do not
 * say how long people are warned, windows that count for sequences too. So whoever decides with the policy, the agent or who explains it,
 * needs no second rule. Pure.
 */
export function goBySettings(content: Untold): UnderSettings {
  const values = valuesInForce(content.clientSettings);
  const told = Object.entries(values).filter(([name]) => ABILITY_OF.has(name) && goesBy(name, content.abilities));
  return {
    assignments: content.assignments.map((one) => withRules(one, values)),
    windows: values.allDeploymentsWindows === true ? forSequencesToo(content.windows) : content.windows,
    pollSeconds: values.policyPollMinutes === undefined ? undefined : values.policyPollMinutes * 60,
    settings: Object.fromEntries(told),
  };
}

/** What a deployment says itself wins. */
export function withRules(assignment: Assignment, { warnMinutes, onMetered }: SettingValues): Assignment {
  if (assignment.purpose !== 'Required') return assignment;
  return {
    ...(warnMinutes === undefined ? {} : { warnMinutes }),
    ...(onMetered === undefined ? {} : { onMetered }),
    ...assignment,
  };
}

/** The windows that count beside those for sequences, as such. */
function forSequencesToo(windows: readonly PolicyWindow[]): readonly PolicyWindow[] {
  const ruling = new Set(windowsForSequences(windows, true));
  return windows.map((window) => (ruling.has(window) ? { ...window, for: 'TaskSequences' } : window));
}
