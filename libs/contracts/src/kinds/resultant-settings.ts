import { type SettingValues, settingValuesSchema } from './client-settings.js';

/** Settings that are for a device. Without a priority: the default ones. */
export interface SettingsOfDevice {
  readonly name: string;
  readonly priority?: number | undefined;
  readonly settings: SettingValues;
}

/** What some settings say of one thing. */
export interface SaidSetting {
  readonly value: string | number | boolean;
  readonly from: string;
  readonly priority?: number | undefined;
}

/** One setting of a device: what holds, and what else was said and lost, the strongest first. */
export interface ResultantSetting {
  readonly name: keyof SettingValues;
  /** Absent: nobody says it. */
  readonly winner?: SaidSetting | undefined;
  readonly losers: readonly SaidSetting[];
}

/** Every setting there is, in the order in which people are told. */
export const SETTING_NAMES = Object.keys(settingValuesSchema.shape) as (keyof SettingValues)[];

/** Which value of each setting holds on a device, and which lost: the smallest priority wins, then the name; default settings lose. Pure. */
export function resultantSettings(all: readonly SettingsOfDevice[]): ResultantSetting[] {
  const strongestFirst = all.toSorted(
    (one, other) => (one.priority ?? Infinity) - (other.priority ?? Infinity) || (one.name < other.name ? -1 : 1),
  );
  return SETTING_NAMES.map((name) => {
    const [winner, ...losers] = strongestFirst.flatMap(({ name: from, priority, settings }): SaidSetting[] => {
      const value = settings[name];
      return value === undefined ? [] : [{ value, from, ...(priority === undefined ? {} : { priority }) }];
    });
    return winner ? { name, winner, losers } : { name, losers };
  });
}

/** The values that hold on a device; what nobody says is absent. Pure. */
export function valuesInForce(all: readonly SettingsOfDevice[]): SettingValues {
  return Object.fromEntries(
    resultantSettings(all).flatMap(({ name, winner }) => (winner ? [[name, winner.value]] : [])),
  );
}
