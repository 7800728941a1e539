import { z } from 'zod';
import { writableNameSchema } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import { oneAtLeast, optionalTextSetting, readableNameSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, wholeNumberSetting } from '../setting-types.js';

const partitionSchema = z
  .strictObject({
    type: choiceSetting(['Primary', 'Extended', 'Logical', 'Hidden', 'EFI', 'MSR', 'Recovery']),
    size: wholeNumberSetting(1, 4_294_967_295).optional().meta({ description: 'absent: all that is left of the disk' }),
    sizeUnit: choiceSetting(['MB', 'GB', 'Percent'])
      .optional()
      .meta({ description: 'Percent is of the space that the partitions before have left', default: 'MB' }),
    bootable: booleanSetting().optional().meta({ description: 'mark as active', default: false }),
    fileSystem: choiceSetting(['NTFS', 'FAT32', 'ext4', 'xfs', 'btrfs', 'swap', 'None'])
      .optional()
      .meta({ description: 'None: left unformatted', default: 'None' }),
    quickFormat: booleanSetting().optional().meta({ default: true }),
    volumeName: optionalTextSetting(32).optional(),
    assignVolumeLetter: booleanSetting()
      .optional()
      .meta({ description: 'make the volume reachable by later steps', default: true }),
    volumeLetterVariable: writableNameSchema.optional().meta({
      description: 'name of a variable that gets the volume; TSUEFIDrive prepares a change from BIOS to UEFI',
    }),
  })
  .superRefine(({ size, sizeUnit }, context) => {
    if (sizeUnit === 'Percent' && typeof size === 'number' && size > 100)
      context.addIssue({
        code: 'custom',
        path: ['size'],
        message: '"size" is more than 100 percent',
        params: { code: 'sequence.out-of-range', fix: 'make it at most 100, or choose another sizeUnit' },
      });
  });

export const formatAndPartitionDiskSettingsSchema = z
  .strictObject({
    diskNumber: wholeNumberSetting(0, 10_000).optional(),
    diskNumberVariable: readableNameSetting
      .optional()
      .meta({ description: 'name of a variable that holds the number; wins over diskNumber' }),
    partitionStyle: choiceSetting(['GPT', 'MBR']),
    makeBootDisk: booleanSetting()
      .optional()
      .meta({ description: 'add what a computer needs to start from this GPT disk', default: false }),
    biosCompatibility: booleanSetting()
      .optional()
      .meta({ description: 'legacy: accepted from imported sequences, without effect', default: false }),
    partitions: z.array(partitionSchema).min(1).max(128).meta({ description: 'in the order they get on the disk' }),
  })
  .check(oneAtLeast('diskNumber', 'diskNumberVariable'))
  .superRefine(({ partitionStyle, partitions }, context) => {
    const foreign: readonly unknown[] =
      partitionStyle === 'GPT' ? ['Extended', 'Logical'] : partitionStyle === 'MBR' ? ['EFI', 'MSR'] : [];
    partitions.forEach(({ type }, index) => {
      if (foreign.includes(type))
        context.addIssue({
          code: 'custom',
          path: ['partitions', index, 'type'],
          message: `a ${partitionStyle} disk has no ${type} partitions`,
          params: { fix: 'choose another type, or another partitionStyle' },
        });
    });
  });

export type FormatAndPartitionDiskSettings = z.infer<typeof formatAndPartitionDiskSettingsSchema>;

/** Format and Partition Disk: writes a new partition table. */
export const formatAndPartitionDisk: StepDefinition<FormatAndPartitionDiskSettings> = {
  type: 'FormatAndPartitionDisk',
  highRisk: true,
  category: 'Disks',
  title: 'Format and Partition Disk',
  help:
    'Erases one disk, writes a new partition table and formats the partitions, from the preinstallation environment. ' +
    'One step per disk; everything that was on it is lost.',
  settingsSchema: formatAndPartitionDiskSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: { diskNumber: 'OSDDiskIndex', partitionStyle: 'OSDPartitionStyle', makeBootDisk: 'OSDGPTBootDisk' },
  execution: 'unsupported',
  references: () => [],
};
