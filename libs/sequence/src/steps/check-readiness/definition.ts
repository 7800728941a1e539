import { z } from 'zod';
import { versionProblem } from '../../conditions/compare.js';
import { languageTag } from '../../conditions/language.js';
import type { StepDefinition } from '../definition.js';
import { codedChoiceSetting } from '../setting-rules.js';
import { booleanSetting, holdsVariable, textSetting, wholeNumberSetting } from '../setting-types.js';

const amount = wholeNumberSetting(1, 2_147_483_647);
const versionSetting = textSetting(100).refine(
  (text) => holdsVariable(text) || versionProblem(text) === undefined,
  'must be a version such as 12.4',
);
const languageSetting = textSetting(100).refine(
  (text) => holdsVariable(text) || languageTag(text) !== undefined,
  'must be a language tag such as de-DE, or the number that Windows has for it, such as 1031',
);

export const checkReadinessSettingsSchema = z.strictObject({
  minimumMemoryMegabytes: amount.optional(),
  minimumProcessorSpeedMegahertz: amount.optional(),
  minimumFreeDiskMegabytes: amount
    .optional()
    .meta({ description: 'free on the system’s file system; in PE on any disk, which may have no partitions' }),
  operatingSystemType: codedChoiceSetting({ client: 'CLIENT', server: 'SERVER' }).optional(),
  architecture: codedChoiceSetting({ '64-bit': '64', '32-bit': '32' }).optional(),
  minimumOsVersion: versionSetting.optional().meta({ description: 'this version or a later one' }),
  maximumOsVersion: versionSetting.optional().meta({ description: 'this version or an earlier one; 12 includes 12.4' }),
  minimumClientVersion: versionSetting.optional().meta({ description: 'version of the agent' }),
  osLanguage: languageSetting.optional().meta({ description: 'tag (de-DE, de), or the number Windows has for it' }),
  acPower: booleanSetting().optional().meta({ description: 'plugged in' }),
  networkConnected: booleanSetting().optional().meta({ description: 'an adapter is connected and has an address' }),
  notWireless: booleanSetting().optional().meta({ description: 'such an adapter is not wireless' }),
  uefi: booleanSetting().optional(),
  tpmEnabled: booleanSetting().optional().meta({ description: 'there is a TPM 2.0 and it is enabled' }),
  tpmActivated: booleanSetting().optional().meta({ description: 'there is a TPM 2.0 and it is activated' }),
});

export type CheckReadinessSettings = z.infer<typeof checkReadinessSettingsSchema>;

/** Check Readiness: does the computer have what the sequence needs? */
export const checkReadiness: StepDefinition<CheckReadinessSettings> = {
  type: 'CheckReadiness',
  category: 'General',
  title: 'Check Readiness',
  help: [
    'Checks what is given, all of it, and fails with exit code 4316 when anything does not hold; the message names each such check with what is wanted and what was found. What is not given (or false) is not checked. A fact that cannot be found out is a check that failed.',
    'With continue on error the step only reports: _TS_CRMEMORY, _TS_CRSPEED, _TS_CRDISK, _TS_CROSTYPE, _TS_CRARCH, _TS_CRMINOSVER, _TS_CRMAXOSVER, _TS_CRCLIENTMINVER, _TS_CROSLANGUAGE, _TS_CRACPOWER, _TS_CRNETWORK, _TS_CRWIRED, _TS_CRUEFI, _TS_CRTPMENABLED and _TS_CRTPMACTIVATED are 1, 0, or empty where nothing was checked.',
  ].join(' '),
  settingsSchema: checkReadinessSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: {
    minimumMemoryMegabytes: 'OSDMemory',
    minimumProcessorSpeedMegahertz: 'OSDProcessorSpeed',
    minimumFreeDiskMegabytes: 'OSDFreeDiskSpace',
    operatingSystemType: 'OSDOSType',
    architecture: 'OSDOSArchitecture',
    minimumOsVersion: 'OSDMinOSVersion',
    maximumOsVersion: 'OSDMaxOSVersion',
    minimumClientVersion: 'OSDCMClientMinVersion',
    osLanguage: 'OSDOSLanguageID',
    acPower: 'OSDCheckPowerState',
    networkConnected: 'OSDCheckNetworkConnected',
    notWireless: 'OSDCheckNetworkWired',
    uefi: 'OSDCheckDeviceUEFI',
    tpmEnabled: 'OSDCheckDeviceTpmEnabled',
    tpmActivated: 'OSDCheckDeviceTpmActivated',
  },
  execution: 'executor',
  references: () => [],
};
