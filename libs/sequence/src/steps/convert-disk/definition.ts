import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { wholeNumberSetting } from '../setting-types.js';

export const convertDiskSettingsSchema = z.strictObject({ diskNumber: wholeNumberSetting(0, 10_000) });

export type ConvertDiskSettings = z.infer<typeof convertDiskSettingsSchema>;

/** Convert Disk to Dynamic: a legacy step. */
export const convertDisk: StepDefinition<ConvertDiskSettings> = {
  type: 'ConvertDisk',
  highRisk: true,
  category: 'Disks',
  title: 'Convert Disk to Dynamic',
  help: 'Legacy. Turns a basic disk of Windows into a dynamic one. Kept for imported sequences; write none of these anew.',
  settingsSchema: convertDiskSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: { diskNumber: 'OSDConvertDiskIndex' },
  execution: 'unsupported',
  references: () => [],
};
