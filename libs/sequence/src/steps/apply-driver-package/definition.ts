import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, nameSetting } from '../setting-types.js';

const legacy = optionalTextSetting(255)
  .optional()
  .meta({ description: 'legacy: a mass-storage driver that is needed to start' });

export const applyDriverPackageSettingsSchema = z.strictObject({
  package: nameSetting.meta({ description: 'the driver package' }),
  recurse: booleanSetting()
    .optional()
    .meta({ description: 'install all drivers of the package with its folders in one go', default: false }),
  additionalOptions: optionalTextSetting(LIMITS.variableValueLength)
    .optional()
    .meta({ description: 'with recurse: further arguments of the tool that installs them' }),
  allowUnsigned: booleanSetting()
    .optional()
    .meta({ description: 'legacy: accepted from imported sequences, without effect', default: false }),
  bootCriticalDriverId: legacy,
  bootCriticalContentUniqueId: legacy,
  bootCriticalHardwareComponent: legacy,
  bootCriticalId: legacy,
  bootCriticalInfFile: legacy,
});

export type ApplyDriverPackageSettings = z.infer<typeof applyDriverPackageSettingsSchema>;

/** Apply Driver Package: all drivers of one package. */
export const applyDriverPackage: StepDefinition<ApplyDriverPackageSettings> = {
  type: 'ApplyDriverPackage',
  category: 'Drivers',
  title: 'Apply Driver Package',
  help: 'Puts the drivers of one driver package into the system that was applied, before it starts for the first time.',
  settingsSchema: applyDriverPackageSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    additionalOptions: 'OSDInstallDriversAdditionalOptions',
    allowUnsigned: 'OSDAllowUnsignedDriver',
    bootCriticalContentUniqueId: 'OSDApplyDriverBootCriticalContentUniqueID',
    bootCriticalHardwareComponent: 'OSDApplyDriverBootCriticalHardwareComponent',
    bootCriticalId: 'OSDApplyDriverBootCriticalID',
    bootCriticalInfFile: 'OSDApplyDriverBootCriticalINFFile',
  },
  execution: 'unsupported',
  references: (settings) => [{ kind: 'DriverPackage', name: settings.package }],
};
