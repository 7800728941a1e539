import { z } from 'zod';
import { nameSetting } from '../steps/setting-types.js';
import { captureFilesAndSettings, group, restoreUserFiles } from './building-blocks.js';
import { descriptionParameter } from './parameters.js';
import type { SequenceTemplate } from './template.js';

const parameters = z.strictObject({
  userStatePackage: nameSetting.meta({ description: 'package with the migration tool' }),
  ...descriptionParameter,
});

/** Capture and restore user state. */
export const captureRestoreUserState: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'capture-restore-user-state',
  title: 'Capture and restore user state',
  help: 'Keeps the files and settings of users in a state store and restores them. What happens in between is a group to be filled.',
  parameters,
  build: ({ description, ...given }) => ({
    ...(description === undefined ? {} : { description }),
    steps: [
      captureFilesAndSettings(given),
      group('Change the Computer', [], { description: 'What is done while the user state is in the store' }),
      restoreUserFiles(given),
    ],
  }),
};
