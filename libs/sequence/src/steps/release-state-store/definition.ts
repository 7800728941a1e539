import { z } from 'zod';
import type { StepDefinition } from '../definition.js';

export const releaseStateStoreSettingsSchema = z.strictObject({});

export type ReleaseStateStoreSettings = z.infer<typeof releaseStateStoreSettingsSchema>;

/** Release State Store: says that capture or restore is done. */
export const releaseStateStore: StepDefinition<ReleaseStateStoreSettings> = {
  type: 'ReleaseStateStore',
  category: 'User State',
  title: 'Release State Store',
  help:
    'Tells the state store that the capture or the restore is done. After a capture only the restoring computer may read the state; ' +
    'after a restore the time begins after which it is deleted.',
  settingsSchema: releaseStateStoreSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  execution: 'unsupported',
  references: () => [],
};
