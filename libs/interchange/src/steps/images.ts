import type { SourceStep } from '../source/source-step.js';
import { choice, drive, flag, list, number, reference, secret, text, without } from './fields.js';
import type { Field, SettingsDraft, StepMapping } from './mapping.js';

/** Where an image goes. */
const destination: Readonly<Record<string, Field>> = {
  DestinationDisk: number('destinationDisk'),
  DestinationPartition: number('destinationPartition'),
  DestinationDriveLetter: drive('destinationDrive'),
  DestinationLogicalDrive: drive('destinationDrive'),
  DestinationVariable: text('destinationVariable'),
};

const upgradeNames = Object.fromEntries(
  ['InstallPackageID', 'InstallPath', 'FeatureUpdateName', 'InstallEditionIndex', 'DriverPackageID', 'StagedContent']
    .concat('SetupTimeout', 'ScanOnly', 'IgnoreMessages', 'DynamicUpdateSettings', 'PreserveSettings')
    .map((property) => [property, `OSDUpgrade${property}`]),
);

/** Steps of the category Images. */
export const IMAGE_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['SMS_TaskSequence_ApplyOperatingSystemAction'],
    to: 'ApplyOperatingSystemImage',
    fields: {
      ImagePackageID: reference('image', 'OsImage'),
      ImageIndex: number('imageIndex'),
      InstallPackageID: reference('upgradePackage', 'UpgradePackage'),
      InstallEditionIndex: number('edition'),
      ConfigFilePackage: reference('answerFilePackage', 'Package'),
      ConfigFileName: text('answerFile'),
      LayeredDriver: number('layeredDriver'),
      RunFromNet: flag('runFromSource'),
      ...destination,
    },
    finish(step, draft) {
      if (!step.peek('ImagePackageID') && !step.peek('InstallPackageID')) missing('image', 'OsImage', draft);
      noteLostAnswerFile(step, draft);
    },
    writing: {
      hidden: ['ImagePackageID', 'InstallPackageID', 'ConfigFilePackage', 'RunFromNet'],
      action(of) {
        const [source, index] = of('ImagePackageID')
          ? [`/image:${of('ImagePackageID')}`, '%OSDImageIndex%']
          : [`/install:${of('InstallPackageID')}`, '%OSDInstallEditionIndex%'];
        const answers = of('ConfigFilePackage') ? ` "/config:${of('ConfigFilePackage')},%OSDConfigFileName%"` : '';
        return `OSDApplyOS.exe ${source},${index}${answers} /runfromnet:${/^true$/i.test(of('RunFromNet')) ? 'True' : 'False'}`;
      },
    },
  },
  {
    from: ['SMS_TaskSequence_ApplyDataImageAction'],
    to: 'ApplyDataImage',
    fields: {
      ImagePackageID: reference('image', 'OsImage'),
      ImageIndex: number('imageIndex'),
      WipeDestination: flag('wipeDestination'),
      WipeDestinationPartition: flag('wipeDestination'),
      ...destination,
    },
    finish(step, draft) {
      if (!step.peek('ImagePackageID')) missing('image', 'OsImage', draft);
    },
    writing: {
      hidden: ['ImagePackageID'],
      action: (of) => `OSDApplyOS.exe /data:${of('ImagePackageID')},%OSDDataImageIndex%`,
    },
  },
  {
    from: ['SMS_TaskSequence_SetupWindowsAndSMSAction'],
    to: 'SetupWindowsAndConfigMgr',
    fields: {
      ClientPackageID: reference('clientPackage', 'Package'),
      ClientPreProductionPackageID: reference('preProductionClientPackage', 'Package'),
      ClientInstallProperties: text('installProperties'),
    },
    finish(step, draft) {
      if (!step.peek('ClientPackageID')) missing('clientPackage', 'Package', draft);
    },
    writing: {
      names: { ClientPackageID: '_SMSClientPackageID', ClientInstallProperties: 'SMSClientInstallProperties' },
      action: () => 'OSDSetupWindows.exe',
    },
  },
  {
    from: ['SMS_TaskSequence_UpgradeOperatingSystemAction'],
    to: 'UpgradeOperatingSystem',
    fields: {
      InstallPackageID: reference('upgradePackage', 'UpgradePackage'),
      InstallPath: text('sourcePath'),
      FeatureUpdateName: list('featureUpdates'),
      FeatureUpdateAssignmentId: without('FeatureUpdateAssignmentId'),
      InstallEditionIndex: number('edition'),
      OsProductKey: secret('product key'),
      DriverPackageID: reference('driverPackage', 'DriverPackage'),
      StagedContent: text('stagedDriverPath'),
      SetupTimeout: number('timeoutMinutes'),
      ScanOnly: flag('scanOnly'),
      IgnoreMessages: flag('ignoreMessages'),
      DynamicUpdateSettings: choice('dynamicUpdate', {
        Disable: 'Off',
        Enable: 'On',
        OverridePolicy: 'OverridePolicy',
      }),
      PreserveSettings: choice('keep', { Upgrade: 'Upgrade', DataOnly: 'DataOnly', Clean: 'Clean' }),
    },
    finish(step, draft) {
      const sources = ['InstallPackageID', 'InstallPath', 'FeatureUpdateName'].map((name) => step.peek(name) ?? '');
      if (sources.every((source) => source === '')) missing('upgradePackage', 'UpgradePackage', draft);
    },
    writing: { names: upgradeNames, action: () => 'OSDUpgradeOS.exe' },
  },
  {
    from: ['SMS_TaskSequence_InstallDeployToolsAction'],
    to: 'InstallDeploymentTools',
    fields: { PackageID: reference('package', 'Package'), DeployToolsPackageID: reference('package', 'Package') },
    writing: { action: () => 'OSDInstallDeployTools.exe' },
  },
  {
    from: ['SMS_TaskSequence_PrepareSMSClientAction'],
    to: 'PrepareClientForCapture',
    writing: { action: () => 'osdpreparesmsclient.exe' },
  },
  {
    from: ['SMS_TaskSequence_PrepareOSAction'],
    to: 'PrepareWindowsForCapture',
    fields: {
      KeepActivation: flag('keepActivation'),
      BuildStorageDriverList: flag('buildStorageDriverList'),
      ShutdownPreparedOs: flag('shutdown'),
    },
    writing: {
      action: () =>
        'osdprepareos.exe /activate:%OSDKeepActivation% /bmsd:%OSDBuildStorageDriverList% /shutdown:%OSDShutdownPreparedOs%',
    },
  },
  {
    from: ['SMS_TaskSequence_CaptureSystemImageAction'],
    to: 'CaptureOperatingSystemImage',
    fields: {
      CaptureDestination: text('destination'),
      CaptureUsername: text('account'),
      CapturePassword: secret('password of the account that writes the image'),
      ImageCreator: text('creator'),
      ImageDescription: text('description'),
      ImageVersion: text('version'),
    },
    writing: { action: () => 'osdcapturesystemimage.exe' },
  },
];

/** The original names nothing either, or its export dropped it: there is a placeholder to bind. */
function missing(setting: string, kind: 'OsImage' | 'Package' | 'UpgradePackage', draft: SettingsDraft): void {
  draft.set(setting, draft.reference(kind, 'to-choose'));
  draft.note('import.reference-missing', `the original names nothing for "${setting}"`, `set "${setting}"`);
}

function noteLostAnswerFile(step: SourceStep, draft: SettingsDraft): void {
  const file = step.peek('ConfigFileName') ?? '';
  if (file !== '' && !step.peek('ConfigFilePackage')) missing('answerFilePackage', 'Package', draft);
}
