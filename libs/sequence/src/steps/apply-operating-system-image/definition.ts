import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { destinationFields, destinationRules, neededBy, oneAtLeast, oneAtMost } from '../setting-rules.js';
import { booleanSetting, nameSetting, textSetting, wholeNumberSetting } from '../setting-types.js';

/** Number of an image inside an image file. */
export const imageIndexSetting = wholeNumberSetting(1, 2_147_483_647);

export const applyOperatingSystemImageSettingsSchema = z
  .strictObject({
    image: nameSetting.optional().meta({ description: 'a captured image' }),
    imageIndex: imageIndexSetting.optional().meta({ description: 'which image of the file', default: 1 }),
    upgradePackage: nameSetting.optional().meta({ description: 'an original installation source instead of an image' }),
    edition: wholeNumberSetting(0, 2_147_483_647)
      .optional()
      .meta({ description: 'which edition of the source', default: 1 }),
    answerFilePackage: nameSetting.optional().meta({ description: 'package with an answer file of yours' }),
    answerFile: textSetting(LIMITS.pathLength)
      .optional()
      .meta({ description: 'name of the file in that package; merged into the generated one' }),
    layeredDriver: wholeNumberSetting(0, 6)
      .optional()
      .meta({ description: 'keyboard driver of Japanese and Korean keyboards; 0: none', default: 0 }),
    ...destinationFields,
    runFromSource: booleanSetting().optional().meta({
      description: 'read the image where it is distributed, without a copy and without its check',
      default: false,
    }),
  })
  .check(
    oneAtLeast('image', 'upgradePackage'),
    oneAtMost('image', 'upgradePackage'),
    neededBy('answerFile', 'answerFilePackage'),
    ...destinationRules,
  );

export type ApplyOperatingSystemImageSettings = z.infer<typeof applyOperatingSystemImageSettingsSchema>;

/** Apply Operating System Image: puts a system onto a volume. */
export const applyOperatingSystemImage: StepDefinition<ApplyOperatingSystemImageSettings> = {
  type: 'ApplyOperatingSystemImage',
  highRisk: true,
  category: 'Images',
  title: 'Apply Operating System Image',
  help:
    'Wipes a volume (saved user state excepted), puts the image of a system there, writes the answer file and makes the disk bootable. ' +
    'Without a destination it takes the next formatted volume. OSDTargetSystemDrive names the volume afterwards.',
  settingsSchema: applyOperatingSystemImageSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    imageIndex: 'OSDImageIndex',
    edition: 'OSDInstallEditionIndex',
    answerFile: 'OSDConfigFileName',
    layeredDriver: 'OsdLayeredDriver',
  },
  execution: 'unsupported',
  references: ({ image, upgradePackage, answerFilePackage }) => [
    ...(image === undefined ? [] : [{ kind: 'OsImage' as const, name: image }]),
    ...(upgradePackage === undefined ? [] : [{ kind: 'UpgradePackage' as const, name: upgradePackage }]),
    ...(answerFilePackage === undefined ? [] : [{ kind: 'Package' as const, name: answerFilePackage }]),
  ],
};
