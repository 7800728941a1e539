import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { booleanSetting } from '../setting-types.js';

export const captureWindowsSettingsSettingsSchema = z.strictObject({
  computerName: booleanSetting().optional().meta({ default: true }),
  registration: booleanSetting().optional().meta({ description: 'registered user and organisation', default: true }),
  timeZone: booleanSetting().optional().meta({ default: true }),
});

export type CaptureWindowsSettingsSettings = z.infer<typeof captureWindowsSettingsSettingsSchema>;

/** Capture Windows Settings: name, registration and time zone become variables. */
export const captureWindowsSettings: StepDefinition<CaptureWindowsSettingsSettings> = {
  type: 'CaptureWindowsSettings',
  category: 'Settings',
  title: 'Capture Windows Settings',
  help:
    'Saves the computer name, the registration and the time zone of the existing system in OSDComputerName, OSDRegisteredOrgName and ' +
    'OSDTimeZone. Apply Windows Settings gives them to the new system.',
  settingsSchema: captureWindowsSettingsSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: {
    computerName: 'OSDMigrateComputerName',
    registration: 'OSDMigrateRegistrationInfo',
    timeZone: 'OSDMigrateTimeZone',
  },
  execution: 'unsupported',
  references: () => [],
};
