import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { listSetting, optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, nameSetting } from '../setting-types.js';

export const restoreUserStateSettingsSchema = z.strictObject({
  package: nameSetting.meta({ description: 'the package with the migration tool' }),
  mode: choiceSetting(['Simple', 'Advanced'])
    .optional()
    .meta({ description: 'Advanced: configFiles say what is restored', default: 'Simple' }),
  configFiles: listSetting().optional().meta({ description: 'files of the package, for mode Advanced' }),
  localAccounts: booleanSetting().optional().meta({ description: 'also local users', default: false }),
  localAccountPassword: optionalTextSetting(255)
    .optional()
    .meta({ description: 'new password that all restored local users share' }),
  continueOnRestoreErrors: booleanSetting()
    .optional()
    .meta({ description: 'go on although some files cannot be restored', default: true }),
  verbose: booleanSetting().optional().meta({ description: 'more in the log', default: false }),
  additionalOptions: optionalTextSetting(LIMITS.variableValueLength)
    .optional()
    .meta({ description: 'further arguments of the migration tool' }),
});

export type RestoreUserStateSettings = z.infer<typeof restoreUserStateSettingsSchema>;

/** Restore User State: brings back what Capture User State saved. */
export const restoreUserState: StepDefinition<RestoreUserStateSettings> = {
  type: 'RestoreUserState',
  category: 'User State',
  title: 'Restore User State',
  help:
    'Brings back the profiles and settings that Capture User State saved, from the store that Request State Store found. ' +
    'Outside the installation of a system a restart should follow.',
  settingsSchema: restoreUserStateSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    package: '_OSDMigrateUsmtRestorePackageID',
    mode: 'OSDMigrateMode',
    configFiles: 'OSDMigrateConfigFiles',
    localAccounts: 'OSDMigrateLocalAccounts',
    localAccountPassword: 'OSDMigrateLocalAccountPassword',
    continueOnRestoreErrors: 'OSDMigrateContinueOnRestore',
    verbose: 'OSDMigrateEnableVerboseLogging',
    additionalOptions: 'OSDMigrateAdditionalRestoreOptions',
  },
  secretSettings: ['localAccountPassword'],
  execution: 'unsupported',
  references: (settings) => [{ kind: 'Package', name: settings.package }],
};
