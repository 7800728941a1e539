import { describeStepTypes, executedWith, findingsOf } from '../../test/step-types.js';

const partition = { type: 'Primary', size: 100, sizeUnit: 'Percent', fileSystem: 'NTFS', volumeName: 'Windows' };

describeStepTypes([
  {
    type: 'FormatAndPartitionDisk',
    good: {
      diskNumber: '%OSDDiskIndex%',
      partitionStyle: 'GPT',
      makeBootDisk: 'true',
      partitions: [
        { type: 'EFI', size: 499, sizeUnit: 'MB', fileSystem: 'FAT32', volumeLetterVariable: 'TSUEFIDrive' },
        { type: 'MSR', size: '128' },
        { type: 'Primary', size: '%SizeOfSystem%', sizeUnit: 'Percent', fileSystem: 'ext4', quickFormat: false },
        partition,
      ],
    },
    wrong: [
      [{ diskNumber: undefined }, 'diskNumber', 'sequence.missing-field', 'add one of: diskNumber, diskNumberVariable'],
      [{ diskNumber: 10_001 }, 'diskNumber', 'sequence.out-of-range', 'make it at most 10000'],
      [{ diskNumber: 'first' }, 'diskNumber', 'sequence.invalid-value', 'make it a whole number from 0 to 10000'],
      [
        { diskNumberVariable: '9lives' },
        'diskNumberVariable',
        'sequence.invalid-value',
        'make it a name of a variable',
      ],
      [{ partitionStyle: 'gpt' }, 'partitionStyle', 'sequence.invalid-value', 'make it one of: GPT, MBR'],
      [
        { partitionStyle: undefined },
        'partitionStyle',
        'sequence.missing-field',
        'add "partitionStyle" (one of: GPT, MBR)',
      ],
      [{ makeBootDisk: 'maybe' }, 'makeBootDisk', 'sequence.invalid-value', 'make it true or false'],
      [{ partitions: [] }, 'partitions', 'sequence.out-of-range', 'make it at least 1 entry'],
      [{ partitions: [{ size: 1 }] }, 'partitions/0/type', 'sequence.missing-field', /Primary, Extended, Logical/],
      [
        { partitions: [partition, { ...partition, size: 101 }] },
        'partitions/1/size',
        'sequence.out-of-range',
        'make it at most 100, or choose another sizeUnit',
      ],
      [{ partitions: [{ ...partition, size: 0 }] }, 'partitions/0/size', 'sequence.out-of-range', 'make it at least 1'],
      [
        { partitions: [{ ...partition, volumeLetterVariable: '_Mine' }] },
        'partitions/0/volumeLetterVariable',
        'variable.read-only',
        'correct the value',
      ],
      [
        { partitions: [{ ...partition, type: 'Logical' }] },
        'partitions/0/type',
        'sequence.invalid-value',
        'choose another type, or another partitionStyle',
      ],
      [
        { partitionStyle: 'MBR', partitions: [partition, { type: 'MSR' }] },
        'partitions/1/type',
        'sequence.invalid-value',
        'choose another type, or another partitionStyle',
      ],
    ],
  },
  {
    type: 'ConvertDisk',
    good: { diskNumber: 0 },
    wrong: [[{ diskNumber: -1 }, 'diskNumber', 'sequence.out-of-range', 'make it at least 0']],
  },
  {
    type: 'EnableBitLocker',
    good: {
      mode: 'TPMAndPIN',
      pin: '%Pin%',
      encryptionMethod: '7',
      recoveryKey: 'Site',
      skipWithoutTpm: true,
      recoveryKeyPollingFrequencySeconds: 15,
    },
    wrong: [
      [{ mode: undefined }, 'mode', 'sequence.missing-field', 'add one of: mode, drive'],
      [{ mode: 'Password' }, 'mode', 'sequence.invalid-value', 'make it one of: TPM, Key, TPMAndKey, TPMAndPIN'],
      [{ pin: '123' }, 'pin', 'sequence.invalid-value', 'make it 4 to 20 digits'],
      [{ pin: 'letters' }, 'pin', 'sequence.invalid-value', 'make it 4 to 20 digits'],
      [{ drive: 'disk 0' }, 'drive', 'sequence.invalid-value', /drive letter such as D: or an absolute path/],
      [{ keyDrive: 'E:' }, 'keyDrive', 'sequence.invalid-value', 'remove "keyDrive", or make "mode" Key or TPMAndKey'],
      [{ encryptionMethod: '5' }, 'encryptionMethod', 'sequence.invalid-value', /AES_128, AES_256, XTS_AES128/],
      [
        { recoveryKeyPollingFrequencySeconds: 14 },
        'recoveryKeyPollingFrequencySeconds',
        'sequence.out-of-range',
        'make it at least 15',
      ],
      [
        { recoveryKeyPollingTimeoutSeconds: '29' },
        'recoveryKeyPollingTimeoutSeconds',
        'sequence.invalid-value',
        /from 30 to/,
      ],
    ],
  },
  {
    type: 'DisableBitLocker',
    good: { drive: '/dev/sda2', rebootCount: 15, rebootCountOverride: 0 },
    wrong: [
      [{ rebootCount: 0 }, 'rebootCount', 'sequence.out-of-range', 'make it at least 1'],
      [{ rebootCountOverride: 16 }, 'rebootCountOverride', 'sequence.out-of-range', 'make it at most 15'],
    ],
  },
  {
    type: 'PreProvisionBitLocker',
    good: { destinationDisk: 0, destinationPartition: 2, encryptionMethod: 'XTS_AES256', skipWithoutTpm: 'False' },
    wrong: [
      [
        { destinationDisk: undefined, destinationPartition: undefined },
        'destinationDisk',
        'sequence.missing-field',
        /destinationDrive, destinationVariable$/,
      ],
      [{ destinationDisk: undefined }, 'destinationDisk', 'sequence.missing-field', 'add "destinationDisk"'],
      [
        { destinationDrive: 'C:' },
        'destinationDrive',
        'sequence.invalid-value',
        'remove "destinationDrive" or "destinationDisk"',
      ],
      [{ destinationPartition: 0 }, 'destinationPartition', 'sequence.out-of-range', 'make it at least 1'],
    ],
  },
]);

describe('the settings of FormatAndPartitionDisk', () => {
  it('say everything that is wrong at once', () => {
    const wrong = { makeBootDisk: 3, partitionStyle: 'GPT', partitions: [{ type: 'Logical' }, { type: 'Big' }] };
    expect(findingsOf('FormatAndPartitionDisk', wrong).map(([path]) => path)).toEqual([
      'makeBootDisk',
      'partitions/1/type',
      'diskNumber',
    ]);
  });
});

describe('variables of a device', () => {
  it('choose the disk, its style and the algorithm', () => {
    const settings = { diskNumberVariable: 'Biggest', partitionStyle: 'MBR', partitions: [{ type: 'Primary' }] };
    const variables = { OSDDiskIndex: '3', OSDPartitionStyle: 'GPT', OSDGPTBootDisk: 'TRUE' };
    expect(executedWith('FormatAndPartitionDisk', settings, variables)).toEqual({
      ...settings,
      diskNumber: 3,
      partitionStyle: 'GPT',
      makeBootDisk: true,
    });
    const method = executedWith('EnableBitLocker', { mode: 'TPM', encryptionMethod: '%Method%' }, { Method: '7' });
    expect(method).toEqual({ mode: 'TPM', encryptionMethod: 'XTS_AES256' });
  });
});
