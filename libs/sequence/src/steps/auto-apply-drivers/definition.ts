import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { StepDefinition } from '../definition.js';
import { listSetting } from '../setting-rules.js';
import { booleanSetting, wholeNumberSetting } from '../setting-types.js';

const timeout = wholeNumberSetting(1, LIMITS.timeoutSeconds).optional();

export const autoApplyDriversSettingsSchema = z.strictObject({
  bestMatch: booleanSetting()
    .optional()
    .meta({ description: 'only the best driver for each device; else all that fit', default: true }),
  categories: listSetting().optional().meta({ description: 'only drivers of one of these categories; absent: of all' }),
  allowUnsigned: booleanSetting()
    .optional()
    .meta({ description: 'legacy: accepted from imported sequences, without effect', default: false }),
  resolveTimeoutSeconds: timeout.meta({ description: 'request for drivers: find the server', default: 60 }),
  connectTimeoutSeconds: timeout.meta({ description: 'request for drivers: connect', default: 60 }),
  sendTimeoutSeconds: timeout.meta({ description: 'request for drivers: send the devices', default: 60 }),
  receiveTimeoutSeconds: timeout.meta({ description: 'request for drivers: get the answer', default: 480 }),
});

export type AutoApplyDriversSettings = z.infer<typeof autoApplyDriversSettingsSchema>;

/** Auto Apply Drivers: drivers from the catalogue for the devices found. */
export const autoApplyDrivers: StepDefinition<AutoApplyDriversSettings> = {
  type: 'AutoApplyDrivers',
  category: 'Drivers',
  title: 'Auto Apply Drivers',
  help:
    'Tells the site which devices this computer has and puts fitting drivers of the catalogue into the system that was applied. ' +
    'Needs the site, so it is not for stand-alone media.',
  settingsSchema: autoApplyDriversSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    bestMatch: 'OSDAutoApplyDriverBestMatch',
    categories: 'OSDAutoApplyDriverCategoryList',
    allowUnsigned: 'OSDAllowUnsignedDriver',
    resolveTimeoutSeconds: 'SMSTSDriverRequestResolveTimeOut',
    connectTimeoutSeconds: 'SMSTSDriverRequestConnectTimeOut',
    sendTimeoutSeconds: 'SMSTSDriverRequestSendTimeOut',
    receiveTimeoutSeconds: 'SMSTSDriverRequestReceiveTimeOut',
  },
  execution: 'unsupported',
  references: () => [],
};
