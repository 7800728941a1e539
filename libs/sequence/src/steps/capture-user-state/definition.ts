import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { listSetting, onlyWhen, optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, nameSetting } from '../setting-types.js';

export const captureUserStateSettingsSchema = z
  .strictObject({
    package: nameSetting.meta({ description: 'the package with the migration tool' }),
    mode: choiceSetting(['Simple', 'Advanced'])
      .optional()
      .meta({ description: 'Advanced: configFiles say what is captured', default: 'Simple' }),
    configFiles: listSetting().optional().meta({ description: 'files of the package, for mode Advanced' }),
    verbose: booleanSetting().optional().meta({ description: 'more in the log', default: false }),
    skipEncryptedFiles: booleanSetting()
      .optional()
      .meta({ description: 'leave encrypted files out; else they fail the step', default: false }),
    fileAccess: choiceSetting(['Normal', 'VSS'])
      .optional()
      .meta({ description: 'read files as they are, or from a snapshot of the volume', default: 'Normal' }),
    continueOnLockedFiles: booleanSetting()
      .optional()
      .meta({ description: 'with file access Normal: go on although some files cannot be read', default: true }),
    useHardLinks: booleanSetting()
      .optional()
      .meta({ description: 'keep the files on the volume instead of copying them', default: false }),
    offline: booleanSetting()
      .optional()
      .meta({ description: 'capture from the preinstallation environment', default: false }),
    additionalOptions: optionalTextSetting(LIMITS.variableValueLength)
      .optional()
      .meta({ description: 'further arguments of the migration tool' }),
  })
  .check(vssExcludes('useHardLinks'), vssExcludes('offline'));

function vssExcludes(name: string) {
  return onlyWhen(name, 'fileAccess', 'Normal', undefined);
}

export type CaptureUserStateSettings = z.infer<typeof captureUserStateSettingsSchema>;

/** Capture User State: saves profiles and settings of users, encrypted. */
export const captureUserState: StepDefinition<CaptureUserStateSettings> = {
  type: 'CaptureUserState',
  category: 'User State',
  title: 'Capture User State',
  help:
    'Saves the profiles and settings of the users of this computer, always encrypted, into the store that Request State Store found. ' +
    'Restore User State brings them back onto the new system.',
  settingsSchema: captureUserStateSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    package: '_OSDMigrateUsmtPackageID',
    mode: 'OSDMigrateMode',
    configFiles: 'OSDMigrateConfigFiles',
    verbose: 'OSDMigrateEnableVerboseLogging',
    skipEncryptedFiles: 'OSDMigrateSkipEncryptedFiles',
    continueOnLockedFiles: 'OSDMigrateContinueOnLockedFiles',
    useHardLinks: '_OSDMigrateUseHardlinks',
    offline: '_OSDMigrateOfflineUserState',
    additionalOptions: 'OSDMigrateAdditionalCaptureOptions',
  },
  execution: 'unsupported',
  references: (settings) => [{ kind: 'Package', name: settings.package }],
};
