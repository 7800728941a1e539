import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { nameSetting } from '../setting-types.js';

export const setupWindowsAndConfigMgrSettingsSchema = z.strictObject({
  clientPackage: nameSetting.meta({ description: 'the package with the client' }),
  preProductionClientPackage: nameSetting
    .optional()
    .meta({ description: 'a newer client, for computers that try it out' }),
  installProperties: optionalTextSetting(LIMITS.variableValueLength)
    .optional()
    .meta({ description: 'properties for the installation of the client' }),
});

export type SetupWindowsAndConfigMgrSettings = z.infer<typeof setupWindowsAndConfigMgrSettingsSchema>;

/** Setup Windows and ConfigMgr: from the preinstallation environment into the new system. */
export const setupWindowsAndConfigMgr: StepDefinition<SetupWindowsAndConfigMgrSettings> = {
  type: 'SetupWindowsAndConfigMgr',
  category: 'Images',
  title: 'Setup Windows and ConfigMgr',
  help:
    'Leaves the preinstallation environment: starts the system that was applied, lets it set itself up, installs the client there and ' +
    'goes on with the sequence. Every installation of a system needs one. Continue on error has no effect on this step.',
  settingsSchema: setupWindowsAndConfigMgrSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  ignoresContinueOnError: true,
  variables: {
    clientPackage: '_SMSClientPackageID',
    preProductionClientPackage: '_SMSClientPreProductionPackageID',
    installProperties: 'SMSClientInstallProperties',
  },
  execution: 'unsupported',
  references: ({ clientPackage, preProductionClientPackage }) => [
    { kind: 'Package', name: clientPackage },
    ...(preProductionClientPackage === undefined
      ? []
      : [{ kind: 'Package' as const, name: preProductionClientPackage }]),
  ],
};
