import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { codedChoiceSetting, driveSetting, oneAtLeast, onlyWhen, optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, holdsVariable, wholeNumberSetting } from '../setting-types.js';

/** Algorithms, with the numbers that Windows gives them. */
export const encryptionMethodSetting = codedChoiceSetting({
  Default: '0',
  AES_128: '3',
  AES_256: '4',
  XTS_AES128: '6',
  XTS_AES256: '7',
});

export const enableBitLockerSettingsSchema = z
  .strictObject({
    drive: driveSetting.optional().meta({ description: 'absent: the volume of the running system' }),
    mode: choiceSetting(['TPM', 'Key', 'TPMAndKey', 'TPMAndPIN'])
      .optional()
      .meta({ description: 'what unlocks the volume at start; needed without drive' }),
    pin: z
      .string()
      .refine((pin) => holdsVariable(pin) || /^\d{4,20}$/.test(pin), 'must be 4 to 20 digits')
      .optional()
      .meta({ description: 'for mode TPMAndPIN' }),
    keyDrive: driveSetting
      .optional()
      .meta({ description: 'where the start-up key goes, for the modes with a key; absent: the first USB drive' }),
    encryptionMethod: encryptionMethodSetting.optional().meta({ default: 'Default' }),
    fullDisk: booleanSetting().optional().meta({ description: 'also encrypt unused space', default: false }),
    recoveryKey: choiceSetting(['ActiveDirectory', 'Site', 'None']).optional().meta({
      description: 'where the recovery key is kept; the step fails when that fails',
      default: 'ActiveDirectory',
    }),
    waitForEncryption: booleanSetting().optional().meta({ default: false }),
    skipWithoutTpm: booleanSetting()
      .optional()
      .meta({ description: 'on a computer without a usable TPM do nothing and succeed', default: false }),
    recoveryPassword: optionalTextSetting(255).optional().meta({ description: 'absent: a random one' }),
    startupKey: optionalTextSetting(255).optional().meta({ description: 'absent: a random one' }),
    recoveryKeyPollingFrequencySeconds: wholeNumberSetting(15, LIMITS.timeoutSeconds).optional().meta({ default: 300 }),
    recoveryKeyPollingTimeoutSeconds: wholeNumberSetting(30, LIMITS.timeoutSeconds).optional().meta({ default: 1800 }),
  })
  .check(oneAtLeast('mode', 'drive'), onlyWhen('keyDrive', 'mode', 'Key', 'TPMAndKey'));

export type EnableBitLockerSettings = z.infer<typeof enableBitLockerSettingsSchema>;

/** Enable BitLocker: encrypts a volume, or turns suspended protection on again. */
export const enableBitLocker: StepDefinition<EnableBitLockerSettings> = {
  type: 'EnableBitLocker',
  category: 'Disks',
  title: 'Enable BitLocker',
  help:
    'Encrypts a volume of the running system and adds what unlocks it; on a volume whose protection was suspended it only turns ' +
    'that on again. Data volumes come after the volume of the system.',
  settingsSchema: enableBitLockerSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    pin: 'OSDBitLockerPIN',
    recoveryPassword: 'OSDBitLockerRecoveryPassword',
    startupKey: 'OSDBitLockerStartupKey',
    recoveryKeyPollingFrequencySeconds: 'OSDRecoveryKeyPollingFrequency',
    recoveryKeyPollingTimeoutSeconds: 'OSDRecoveryKeyPollingTimeout',
  },
  secretSettings: ['pin', 'recoveryPassword', 'startupKey'],
  execution: 'unsupported',
  references: () => [],
};
