import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, textSetting, wholeNumberSetting } from '../setting-types.js';

const locale = optionalTextSetting(255).optional();

export const applyWindowsSettingsSettingsSchema = z.strictObject({
  userName: textSetting(255).optional().meta({ description: 'whom the system is registered to' }),
  organization: textSetting(255).optional().meta({ description: 'whose the system is' }),
  productKey: optionalTextSetting(255).optional(),
  computerName: optionalTextSetting(255).optional().meta({ default: '%_SMSTSMachineName%' }),
  randomAdminPassword: booleanSetting()
    .optional()
    .meta({ description: 'give the local administrator a random password and disable the account', default: true }),
  adminPassword: optionalTextSetting(255)
    .optional()
    .meta({ description: 'password of the local administrator, unless it is random' }),
  timeZone: optionalTextSetting(255).optional().meta({ description: 'in English, as Central European Standard Time' }),
  serverLicenseMode: choiceSetting(['PerSeat', 'PerServer']).optional(),
  serverLicenseConnectionLimit: wholeNumberSetting(5, 9999).optional(),
  inputLocale: locale.meta({ description: 'keyboard layout' }),
  systemLocale: locale.meta({ description: 'language of programs without Unicode' }),
  uiLanguage: locale.meta({ description: 'language of the user interface' }),
  uiLanguageFallback: locale.meta({ description: 'language where that one is missing' }),
  userLocale: locale.meta({ description: 'formats of dates and numbers' }),
});

export type ApplyWindowsSettingsSettings = z.infer<typeof applyWindowsSettingsSettingsSchema>;

/** Apply Windows Settings: name, keys, languages and administrator of the new system. */
export const applyWindowsSettings: StepDefinition<ApplyWindowsSettingsSettings> = {
  type: 'ApplyWindowsSettings',
  category: 'Settings',
  title: 'Apply Windows Settings',
  help:
    'Writes the computer name, registration, product key, languages, time zone and administrator into the answer file of the system that ' +
    'was applied. Captured values win; languages given here replace those of an answer file of yours.',
  settingsSchema: applyWindowsSettingsSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: {
    userName: 'OSDRegisteredUserName',
    organization: 'OSDRegisteredOrgName',
    productKey: 'OSDProductKey',
    computerName: 'OSDComputerName',
    randomAdminPassword: 'OSDRandomAdminPassword',
    adminPassword: 'OSDLocalAdminPassword',
    timeZone: 'OSDTimeZone',
    serverLicenseMode: 'OSDServerLicenseMode',
    serverLicenseConnectionLimit: 'OSDServerLicenseConnectionLimit',
    inputLocale: 'OSDWindowsSettingsInputLocale',
    systemLocale: 'OSDWindowsSettingsSystemLocale',
    uiLanguage: 'OSDWindowsSettingsUILanguage',
    uiLanguageFallback: 'OSDWindowsSettingsUILanguageFallback',
    userLocale: 'OSDWindowsSettingsUserLocale',
  },
  secretSettings: ['productKey', 'adminPassword'],
  execution: 'unsupported',
  references: () => [],
};
