import { booleanOf, choice, drive, flag, number, secret, text, without } from './fields.js';
import { NotRepresentable, type StepMapping } from './mapping.js';
import { lookup } from '../lookup.js';

const encryptionMethods = { '0': 'Default', '3': 'AES_128', '4': 'AES_256', '6': 'XTS_AES128', '7': 'XTS_AES256' };
const modes = {
  TPM: 'TPM',
  Key: 'Key',
  TPMAndKey: 'TPMAndKey',
  TPMAndPIN: 'TPMAndPIN',
  TPMKey: 'TPMAndKey',
  TPMPin: 'TPMAndPIN',
};
const recoveryKeys = {
  AD: 'ActiveDirectory',
  ActiveDirectory: 'ActiveDirectory',
  CM: 'Site',
  Site: 'Site',
  None: 'None',
  Never: 'None',
};
const partitionTypes = ['Primary', 'Extended', 'Logical', 'Hidden', 'EFI', 'MSR', 'Recovery'];
const fileSystems = ['NTFS', 'FAT32', 'None'];
const units: Readonly<Record<string, string>> = { mb: 'MB', gb: 'GB', '%': 'Percent', percent: 'Percent' };

/** Steps of the category Disks. */
export const DISK_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['SMS_TaskSequence_PartitionDiskAction'],
    to: 'FormatAndPartitionDisk',
    fields: {
      DiskIndex: number('diskNumber'),
      DiskIndexVariable: text('diskNumberVariable'),
      PartitionStyle: choice('partitionStyle', { GPT: 'GPT', MBR: 'MBR' }),
      GPTBootDisk: flag('makeBootDisk'),
      DiskpartBiosCompatibilityMode: flag('biosCompatibility'),
      DiskType: without('DiskType', 'Basic'),
    },
    derived: ['Partitions'],
    finish(step, draft) {
      const partitions = step.takeList('Partitions').map((entry) => partition(entry));
      if (partitions.length === 0) throw new NotRepresentable('it has no partitions');
      draft.set('partitions', partitions);
      if (!step.peek('PartitionStyle')) draft.set('partitionStyle', 'MBR');
    },
  },
  {
    from: ['SMS_TaskSequence_ConvertDiskAction'],
    to: 'ConvertDisk',
    fields: { DiskIndex: number('diskNumber') },
  },
  {
    from: ['SMS_TaskSequence_EnableBitLockerAction'],
    to: 'EnableBitLocker',
    fields: {
      Mode: choice('mode', modes),
      BdeInstall: choice('mode', modes),
      TargetDrive: drive('drive'),
      BdeTargetDriveLetter: drive('drive'),
      StartupKeyDrive: drive('keyDrive'),
      BdeKeyLocation: drive('keyDrive'),
      CreateRecoveryPassword: choice('recoveryKey', recoveryKeys),
      BdeRecoveryPassword: choice('recoveryKey', recoveryKeys),
      EncryptFullDisk: flag('fullDisk'),
      EncryptMethod: choice('encryptionMethod', encryptionMethods),
      SkipWhenNoValidTPM: flag('skipWithoutTpm'),
      WaitForEncryption: flag('waitForEncryption'),
      PIN: secret('PIN of BitLocker'),
      BdePin: secret('PIN of BitLocker'),
      OSDBitLockerRecoveryPassword: secret('recovery password of BitLocker'),
      OSDBitLockerStartupKey: secret('start-up key of BitLocker'),
    },
  },
  {
    from: ['SMS_TaskSequence_DisableBitLockerAction'],
    to: 'DisableBitLocker',
    fields: { DriveLetter: drive('drive'), TargetDrive: drive('drive'), RebootCount: number('rebootCount') },
    finish(step, draft) {
      const letter = /\/drive:\s*([A-Za-z]:?)(?:\s|$)/i.exec(step.action)?.[1];
      if (letter !== undefined) drive('drive')(letter, draft);
    },
  },
  {
    from: ['SMS_TaskSequence_OfflineEnableBitLockerAction'],
    to: 'PreProvisionBitLocker',
    fields: {
      DestinationDisk: number('destinationDisk'),
      DestinationPartition: number('destinationPartition'),
      DestinationDriveLetter: drive('destinationDrive'),
      DestinationVariable: text('destinationVariable'),
      EncryptFullDisk: flag('fullDisk'),
      EncryptMethod: choice('encryptionMethod', encryptionMethods),
      SkipWhenNoValidTPM: flag('skipWithoutTpm'),
    },
  },
];

function partition(entry: ReadonlyMap<string, string>): Record<string, unknown> {
  const given = (name: string): string | undefined => entry.get(name) || undefined;
  const size = given('size');
  const unit = given('sizeunits') ?? given('sizeunit');
  const flagOf = (name: string): boolean | string | undefined => {
    const value = given(name);
    return value === undefined ? undefined : (booleanOf(value) ?? value);
  };
  const fields = {
    type: spelled(partitionTypes, given('type') ?? 'Primary'),
    size: size !== undefined && /^\d+$/.test(size) ? Number(size) : size,
    sizeUnit: unit === undefined ? undefined : (lookup(units, unit.toLowerCase()) ?? unit),
    bootable: flagOf('bootable'),
    fileSystem: spelled(fileSystems, given('filesystem')),
    quickFormat: flagOf('quickformat'),
    volumeName: given('volumename'),
    assignVolumeLetter: flagOf('assignvolumeletter'),
    volumeLetterVariable: given('volumelettervariable'),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A word as we spell it, whatever case it has there. */
function spelled(words: readonly string[], value: string | undefined): string | undefined {
  return words.find((known) => known.toLowerCase() === value?.toLowerCase()) ?? value;
}
