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
  },
  {
    from: ['SMS_TaskSequence_InstallDeployToolsAction'],
    to: 'InstallDeploymentTools',
    fields: { PackageID: reference('package', 'Package'), DeployToolsPackageID: reference('package', 'Package') },
  },
  { from: ['SMS_TaskSequence_PrepareSMSClientAction'], to: 'PrepareClientForCapture' },
  {
    from: ['SMS_TaskSequence_PrepareOSAction'],
    to: 'PrepareWindowsForCapture',
    fields: {
      KeepActivation: flag('keepActivation'),
      BuildStorageDriverList: flag('buildStorageDriverList'),
      ShutdownPreparedOs: flag('shutdown'),
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
