import { z } from 'zod';
import { applyImage, group, installOperatingSystem, software, step } from './building-blocks.js';
import {
  clientParameters,
  descriptionParameter,
  imageParameters,
  membershipParameters,
  membershipRules,
  softwareParameters,
  windowsParameters,
} from './parameters.js';
import type { SequenceTemplate } from './template.js';

const parameters = z
  .strictObject({
    ...imageParameters,
    ...clientParameters,
    ...membershipParameters,
    ...windowsParameters,
    ...softwareParameters,
    ...descriptionParameter,
  })
  .check(...membershipRules);

/** Install an existing image on a virtual disk. */
export const virtualDisk: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'virtual-disk',
  title: 'Install an existing image on a virtual disk',
  help:
    'For a virtual machine whose disk is kept as the result: erases the disk, puts an image of a system there with drivers, updates and ' +
    'applications, and shuts the machine down.',
  parameters,
  build: ({ description, ...given }) => ({
    ...(description === undefined ? {} : { description }),
    steps: [
      installOperatingSystem(given, applyImage(given)),
      group('Setup Operating System', software(given)),
      // Late enough for the run to end and to be reported.
      step('Shut Down Computer', 'RunCommandLine', { command: 'shutdown.exe /s /t 120' }),
    ],
  }),
};
