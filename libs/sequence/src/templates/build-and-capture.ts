import { z } from 'zod';
import { oneAtLeast, oneAtMost } from '../steps/setting-rules.js';
import { nameSetting, textSetting } from '../steps/setting-types.js';
import {
  applyImage,
  deviceDrivers,
  group,
  partitionDisk,
  restartInPe,
  setupSystem,
  software,
  step,
  windowsAndNetwork,
} from './building-blocks.js';
import {
  clientParameters,
  descriptionParameter,
  imageParameters,
  softwareParameters,
  windowsParameters,
} from './parameters.js';
import type { SequenceTemplate } from './template.js';

const parameters = z
  .strictObject({
    image: imageParameters.image.optional().meta({ description: 'the system image to begin with; or upgradePackage' }),
    imageIndex: imageParameters.imageIndex,
    upgradePackage: nameSetting.optional().meta({ description: 'an original installation source; or image' }),
    ...clientParameters,
    captureDestination: textSetting(255).meta({ description: 'image file on a share, as \\\\server\\images\\new.wim' }),
    captureAccount: textSetting(255).optional().meta({
      description: 'DOMAIN\\user that may write there; its password is the secret variable OSDCaptureAccountPassword',
    }),
    imageCreator: textSetting(255).optional().meta({ description: 'kept in the image' }),
    imageVersion: textSetting(32).optional().meta({ description: 'kept in the image' }),
    workgroup: textSetting(32)
      .optional()
      .meta({ description: 'default WORKGROUP; never a domain: its members cannot be captured' }),
    ...windowsParameters,
    ...softwareParameters,
    ...descriptionParameter,
  })
  .check(oneAtLeast('image', 'upgradePackage'), oneAtMost('image', 'upgradePackage'));

/** Build and capture a reference image. */
export const buildAndCapture: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'build-and-capture',
  title: 'Build and capture a reference image',
  help:
    'Builds a reference computer from an image or an installation source, with drivers, updates and applications, takes out what makes it ' +
    'this one computer, and captures its volumes into a new image file.',
  parameters,
  build: ({
    description,
    upgradePackage,
    captureDestination,
    captureAccount,
    imageCreator,
    imageVersion,
    ...given
  }) => ({
    ...(description === undefined ? {} : { description }),
    steps: [
      group('Build the Reference Machine', [
        restartInPe(),
        ...partitionDisk(),
        upgradePackage === undefined
          ? applyImage(given)
          : step('Apply Operating System', 'ApplyOperatingSystemImage', { upgradePackage }),
        ...windowsAndNetwork({ ...given, workgroup: given.workgroup ?? 'WORKGROUP' }),
        deviceDrivers(given),
        setupSystem(given),
        ...software(given),
      ]),
      group('Capture the Reference Machine', [
        step('Prepare Configuration Manager Client', 'PrepareClientForCapture'),
        step('Prepare Operating System', 'PrepareWindowsForCapture'),
        step('Capture the Reference Machine', 'CaptureOperatingSystemImage', {
          destination: captureDestination,
          account: captureAccount,
          creator: imageCreator,
          version: imageVersion,
        }),
      ]),
    ],
  }),
};
