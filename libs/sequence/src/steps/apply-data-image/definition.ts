import { z } from 'zod';
import { imageIndexSetting } from '../apply-operating-system-image/definition.js';
import type { StepDefinition } from '../definition.js';
import { destinationFields, destinationRules } from '../setting-rules.js';
import { booleanSetting, nameSetting } from '../setting-types.js';

export const applyDataImageSettingsSchema = z
  .strictObject({
    image: nameSetting,
    imageIndex: imageIndexSetting.optional().meta({ description: 'which image of the file', default: 1 }),
    wipeDestination: booleanSetting().optional().meta({ description: 'empty the volume before', default: true }),
    ...destinationFields,
  })
  .check(...destinationRules);

export type ApplyDataImageSettings = z.infer<typeof applyDataImageSettingsSchema>;

/** Apply Data Image: puts an image without a system onto a volume. */
export const applyDataImage: StepDefinition<ApplyDataImageSettings> = {
  type: 'ApplyDataImage',
  highRisk: true,
  category: 'Images',
  title: 'Apply Data Image',
  help:
    'Puts an image that holds data and no system onto a volume. Nothing is made bootable. ' +
    'Without a destination it takes the next formatted volume.',
  settingsSchema: applyDataImageSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: { imageIndex: 'OSDDataImageIndex', wipeDestination: 'OSDWipeDestinationPartition' },
  execution: 'unsupported',
  references: (settings) => [{ kind: 'OsImage', name: settings.image }],
};
