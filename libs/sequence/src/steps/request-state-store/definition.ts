import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { booleanSetting, choiceSetting, wholeNumberSetting } from '../setting-types.js';

export const requestStateStoreSettingsSchema = z.strictObject({
  purpose: choiceSetting(['Capture', 'Restore']),
  retryCount: wholeNumberSetting(0, 30).optional().meta({ description: 'further tries to find a store', default: 0 }),
  retryDelaySeconds: wholeNumberSetting(0, 600).optional().meta({ description: 'pause between tries', default: 0 }),
  fallbackToNetworkAccount: booleanSetting()
    .optional()
    .meta({ description: 'use the network account where the computer itself is refused', default: false }),
});

export type RequestStateStoreSettings = z.infer<typeof requestStateStoreSettingsSchema>;

/** Request State Store: asks for a place to keep user state, or for where it was kept. */
export const requestStateStore: StepDefinition<RequestStateStoreSettings> = {
  type: 'RequestStateStore',
  category: 'User State',
  title: 'Request State Store',
  help:
    'Reserves room in a state store before user state is captured, or finds the store that holds the state of this computer before ' +
    'it is restored. The path is in OSDStateStorePath afterwards. Each request is ended by a Release State Store.',
  settingsSchema: requestStateStoreSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    retryCount: 'OSDStateSMPRetryCount',
    retryDelaySeconds: 'OSDStateSMPRetryTime',
    fallbackToNetworkAccount: 'OSDStateFallbackToNAA',
  },
  execution: 'unsupported',
  references: () => [],
};
