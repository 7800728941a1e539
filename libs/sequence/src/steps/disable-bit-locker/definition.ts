import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { driveSetting } from '../setting-rules.js';
import { wholeNumberSetting } from '../setting-types.js';

export const disableBitLockerSettingsSchema = z.strictObject({
  drive: driveSetting.optional().meta({ description: 'absent: the volume of the running system' }),
  rebootCount: wholeNumberSetting(1, 15)
    .optional()
    .meta({ description: 'after so many restarts the protection comes back', default: 1 }),
  rebootCountOverride: wholeNumberSetting(0, 15)
    .optional()
    .meta({ description: 'wins over rebootCount; 0: until it is turned on again' }),
});

export type DisableBitLockerSettings = z.infer<typeof disableBitLockerSettingsSchema>;

/** Disable BitLocker: suspends the protection, decrypts nothing. */
export const disableBitLocker: StepDefinition<DisableBitLockerSettings> = {
  type: 'DisableBitLocker',
  category: 'Disks',
  title: 'Disable BitLocker',
  help:
    'Suspends the protection of an encrypted volume for some restarts, so that firmware or a new system can be installed. ' +
    'Nothing is decrypted. Data volumes come before the volume of the system.',
  settingsSchema: disableBitLockerSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: { rebootCount: 'OSDBitLockerRebootCount', rebootCountOverride: 'OSDBitLockerRebootCountOverride' },
  execution: 'unsupported',
  references: () => [],
};
