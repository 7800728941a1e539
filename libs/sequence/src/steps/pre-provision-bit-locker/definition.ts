import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { encryptionMethodSetting } from '../enable-bit-locker/definition.js';
import { destinationFields, destinationRules, oneAtLeast } from '../setting-rules.js';
import { booleanSetting } from '../setting-types.js';

export const preProvisionBitLockerSettingsSchema = z
  .strictObject({
    ...destinationFields,
    encryptionMethod: encryptionMethodSetting.optional().meta({ default: 'Default' }),
    fullDisk: booleanSetting().optional().meta({ description: 'also encrypt unused space', default: false }),
    skipWithoutTpm: booleanSetting()
      .optional()
      .meta({ description: 'on a computer without a usable TPM do nothing and succeed', default: true }),
  })
  .check(
    oneAtLeast('destinationDisk', 'destinationPartition', 'destinationDrive', 'destinationVariable'),
    ...destinationRules,
  );

export type PreProvisionBitLockerSettings = z.infer<typeof preProvisionBitLockerSettingsSchema>;

/** Pre-provision BitLocker: encrypts an empty volume before the system gets there. */
export const preProvisionBitLocker: StepDefinition<PreProvisionBitLockerSettings> = {
  type: 'PreProvisionBitLocker',
  category: 'Disks',
  title: 'Pre-provision BitLocker',
  help:
    'Encrypts a freshly formatted volume from the preinstallation environment, before the system is put there: quick, for there is ' +
    'little to encrypt. Enable BitLocker adds later what unlocks it.',
  settingsSchema: preProvisionBitLockerSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  execution: 'unsupported',
  references: () => [],
};
