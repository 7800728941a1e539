import {
  type Assignment,
  CLIENT_SETTINGS,
  type PolicySettings,
  policySettingsSchema,
  type PolicyWindow,
} from '@muster/contracts/agent/policy.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
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

/** Names of the settings that an agent must know itself. */
export const AGENT_SETTINGS: ReadonlySet<string> = new Set(Object.keys(policySettingsSchema.shape));

/**
 * Policy under the settings of a device. What can be said in words that every agent knows is said in those: deployments that do not
 * say how long people are warned, windows that count for sequences too. So whoever decides with the policy, the agent or who explains it,
 * needs no second rule. Pure.
 */
export function goBySettings(content: Untold): UnderSettings {
  const values = valuesInForce(content.clientSettings);
  const told = Object.entries(values).filter(([name]) => AGENT_SETTINGS.has(name));
  return {
    assignments: content.assignments.map((one) => withRules(one, values)),
    windows: values.allDeploymentsWindows === true ? forSequencesToo(content.windows) : content.windows,
    pollSeconds: values.policyPollMinutes === undefined ? undefined : values.policyPollMinutes * 60,
    settings: content.abilities.includes(CLIENT_SETTINGS) ? Object.fromEntries(told) : {},
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
