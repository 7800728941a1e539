import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { textSetting } from '../setting-types.js';

export const captureOperatingSystemImageSettingsSchema = z.strictObject({
  destination: textSetting(255).meta({ description: 'file on a share; overwritten when it is there' }),
  account: optionalTextSetting(255).optional().meta({ description: 'DOMAIN\\user that may write there' }),
  password: optionalTextSetting(255).optional(),
  creator: optionalTextSetting(255).optional().meta({ description: 'kept in the image' }),
  description: optionalTextSetting(255).optional().meta({ description: 'kept in the image' }),
  version: optionalTextSetting(32).optional().meta({ description: 'kept in the image' }),
});

export type CaptureOperatingSystemImageSettings = z.infer<typeof captureOperatingSystemImageSettingsSchema>;

/** Capture Operating System Image: the volumes of a prepared reference computer become an image file. */
export const captureOperatingSystemImage: StepDefinition<CaptureOperatingSystemImageSettings> = {
  type: 'CaptureOperatingSystemImage',
  category: 'Images',
  title: 'Capture Operating System Image',
  help:
    'Writes the volumes of a prepared reference computer into an image file, each volume as an image of its own, from the ' +
    'preinstallation environment. USB drives are left out.',
  settingsSchema: captureOperatingSystemImageSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    destination: 'OSDCaptureDestination',
    account: 'OSDCaptureAccount',
    password: 'OSDCaptureAccountPassword',
    creator: 'OSDImageCreator',
    description: 'OSDImageDescription',
    version: 'OSDImageVersion',
  },
  secretSettings: ['password'],
  execution: 'unsupported',
  references: () => [],
};
