import { z } from 'zod';
import {
  applyImage,
  captureFilesAndSettings,
  group,
  installOperatingSystem,
  restoreUserFiles,
  software,
} from './building-blocks.js';
import {
  clientParameters,
  descriptionParameter,
  imageParameters,
  membershipParameters,
  membershipRules,
  softwareParameters,
  userStateParameter,
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
    ...userStateParameter,
    ...descriptionParameter,
  })
  .check(...membershipRules);

/** Install an existing image. */
export const installImage: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'install-image',
  title: 'Install an existing image',
  help:
    'Keeps user files and settings where asked to, erases the disk, puts an image of a system there, joins a domain or workgroup, ' +
    'installs drivers, updates and applications, and restores user files.',
  parameters,
  build: ({ description, ...given }) => ({
    ...(description === undefined ? {} : { description }),
    steps: [
      captureFilesAndSettings(given),
      installOperatingSystem(given, applyImage(given)),
      group('Setup Operating System', software(given)),
      restoreUserFiles(given),
    ],
  }),
};
