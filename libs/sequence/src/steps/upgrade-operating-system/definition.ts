import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { codedChoiceSetting, listSetting, oneAtLeast, oneAtMost, optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, nameSetting, textSetting, wholeNumberSetting } from '../setting-types.js';

export const upgradeOperatingSystemSettingsSchema = z
  .strictObject({
    upgradePackage: nameSetting.optional(),
    sourcePath: textSetting(LIMITS.pathLength)
      .optional()
      .meta({ description: 'folder or share with the installation source, instead of a package' }),
    featureUpdates: listSetting()
      .optional()
      .meta({ description: 'updates that bring a new version; the first that applies, instead of a package' }),
    edition: wholeNumberSetting(1, 2_147_483_647)
      .optional()
      .meta({ description: 'which edition of the package', default: 1 }),
    productKey: optionalTextSetting(255).optional(),
    driverPackage: nameSetting.optional().meta({ description: 'drivers for the new version' }),
    stagedDriverPath: textSetting(LIMITS.pathLength)
      .optional()
      .meta({ description: 'folder with such drivers, instead of a package' }),
    timeoutMinutes: wholeNumberSetting(1, 9999)
      .optional()
      .meta({ description: 'the step fails when setup takes longer; absent: no limit' }),
    scanOnly: booleanSetting()
      .optional()
      .meta({ description: 'check whether the upgrade would work, change nothing', default: false }),
    ignoreMessages: booleanSetting()
      .optional()
      .meta({ description: 'go on over messages that a user could dismiss', default: false }),
    dynamicUpdate: codedChoiceSetting({ Off: 'Disable', On: 'Enable', OverridePolicy: 'OverridePolicy' })
      .optional()
      .meta({ description: 'let setup update itself: never, as policy says, or always', default: 'Off' }),
    keep: choiceSetting(['Upgrade', 'DataOnly', 'Clean'])
      .optional()
      .meta({ description: 'what survives: applications, data and settings; data only; nothing', default: 'Upgrade' }),
    additionalOptions: optionalTextSetting(LIMITS.variableValueLength)
      .optional()
      .meta({ description: 'further arguments of setup' }),
    completionPauseSeconds: wholeNumberSetting(0, LIMITS.timeoutSeconds)
      .optional()
      .meta({ description: 'pause after setup, before the sequence goes on' }),
  })
  .check(
    oneAtLeast('upgradePackage', 'sourcePath', 'featureUpdates'),
    oneAtMost('upgradePackage', 'sourcePath', 'featureUpdates'),
    oneAtMost('featureUpdates', 'driverPackage', 'stagedDriverPath'),
  );

export type UpgradeOperatingSystemSettings = z.infer<typeof upgradeOperatingSystemSettingsSchema>;

/** Upgrade Operating System: a newer version over the running one. */
export const upgradeOperatingSystem: StepDefinition<UpgradeOperatingSystemSettings> = {
  type: 'UpgradeOperatingSystem',
  highRisk: true,
  category: 'Images',
  title: 'Upgrade Operating System',
  help:
    'Brings the running system to a newer version; applications, data and settings stay. With scanOnly it only checks whether that would ' +
    'work. Afterwards _SMSTSOSUpgradeActionReturnCode holds what setup answered, _SMSTSSetupRollback whether it went back.',
  settingsSchema: upgradeOperatingSystemSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    edition: 'OSDUpgradeInstallEditionIndex',
    productKey: 'OSDUpgradeOsProductKey',
    scanOnly: 'OSDUpgradeScanOnly',
    ignoreMessages: 'OSDUpgradeIgnoreMessages',
    dynamicUpdate: 'OSDUpgradeDynamicUpdateSettings',
    additionalOptions: 'OSDSetupAdditionalUpgradeOptions',
    completionPauseSeconds: 'SetupCompletePause',
  },
  secretSettings: ['productKey'],
  execution: 'unsupported',
  references: ({ upgradePackage, driverPackage }) => [
    ...(upgradePackage === undefined ? [] : [{ kind: 'UpgradePackage' as const, name: upgradePackage }]),
    ...(driverPackage === undefined ? [] : [{ kind: 'DriverPackage' as const, name: driverPackage }]),
  ],
};
