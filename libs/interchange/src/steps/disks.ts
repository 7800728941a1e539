import { booleanOf, choice, drive, flag, number, secret, text, without } from './fields.js';
import { NotRepresentable, type StepMapping } from './mapping.js';
import { lookup } from '../lookup.js';
import { entriesOf, numbered } from './writing-lists.js';

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
    writing: {
      properties: ({ partitions }) =>
        numbered('Partitions', 'OSDPartitions', entriesOf(partitions).map(writtenPartition)),
      owns: /^Partitions/i,
      names: {
        DiskIndexVariable: 'OSDDiskIndexVariable',
        DiskpartBiosCompatibilityMode: 'OSDDiskpartBiosCompatibilityMode',
      },
      action: () => 'osddiskpart.exe',
    },
  },
  {
    from: ['SMS_TaskSequence_ConvertDiskAction'],
    to: 'ConvertDisk',
    fields: { DiskIndex: number('diskNumber') },
    writing: { action: () => 'osddiskpart.exe convert %OSDConvertDiskIndex%' },
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
    writing: {
      names: {
        Mode: 'OSDBitLockerMode',
        TargetDrive: 'OSDBitLockerTargetDrive',
        StartupKeyDrive: 'OSDBitLockerStartupKeyDrive',
        CreateRecoveryPassword: 'OSDBitLockerCreateRecoveryPassword',
        EncryptFullDisk: 'OSDBitLockerEncryptFullDisk',
        EncryptMethod: 'OSDBitLockerEncryptMethod',
        SkipWhenNoValidTPM: 'OSDBitLockerSkipWhenNoValidTPM',
        WaitForEncryption: 'OSDBitLockerWaitForEncryption',
      },
      hidden: [
        'Mode',
        'CreateRecoveryPassword',
        'EncryptFullDisk',
        'EncryptMethod',
        'SkipWhenNoValidTPM',
        'WaitForEncryption',
      ],
      action: (of) =>
        ['OSDBitLocker.exe /enable', option('wait', of('WaitForEncryption')), option('mode', of('Mode'))]
          .concat(option('pwd', of('CreateRecoveryPassword')), option('full', of('EncryptFullDisk')))
          .filter((part) => part !== '')
          .join(' '),
    },
  },
  {
    from: ['SMS_TaskSequence_DisableBitLockerAction'],
    to: 'DisableBitLocker',
    fields: { DriveLetter: drive('drive'), TargetDrive: drive('drive'), RebootCount: number('rebootCount') },
    finish(step, draft) {
      const letter = /\/drive:\s*([A-Za-z]:?)(?:\s|$)/i.exec(step.action)?.[1];
      if (letter !== undefined) drive('drive').read(letter, draft);
    },
    writing: { action: (of) => ['OSDBitLocker.exe /disable', option('drive', of('DriveLetter'))].join(' ').trim() },
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
    writing: {
      action: (of) =>
        ['OSDOfflineBitlocker.exe /enable', option('drive', of('DestinationDriveLetter'))].join(' ').trim(),
    },
  },
];

function option(name: string, value: string): string {
  return value === '' ? '' : `/${name}:${value}`;
}

/** A partition as fields of theirs; the other way round in `partition`. */
function writtenPartition(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const unit = Object.entries({ MB: 'MB', GB: 'GB', Percent: '%' }).find(([ours]) => ours === entry['sizeUnit'])?.[1];
  return {
    AssignVolumeLetter: entry['assignVolumeLetter'],
    Bootable: entry['bootable'],
    FileSystem: entry['fileSystem'],
    QuickFormat: entry['quickFormat'],
    Size: entry['size'],
    SizeUnits: unit ?? entry['sizeUnit'],
    Type: entry['type'],
    VolumeName: entry['volumeName'],
    VolumeLetterVariable: entry['volumeLetterVariable'],
  };
}

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
