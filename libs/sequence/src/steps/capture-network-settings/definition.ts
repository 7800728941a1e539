import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { booleanSetting } from '../setting-types.js';

export const captureNetworkSettingsSettingsSchema = z.strictObject({
  networkMembership: booleanSetting().optional().meta({ description: 'the domain or workgroup', default: false }),
  adapterSettings: booleanSetting()
    .optional()
    .meta({ description: 'addresses and name servers of the network adapters', default: true }),
});

export type CaptureNetworkSettingsSettings = z.infer<typeof captureNetworkSettingsSettingsSchema>;

/** Capture Network Settings: the network configuration becomes variables. */
export const captureNetworkSettings: StepDefinition<CaptureNetworkSettingsSettings> = {
  type: 'CaptureNetworkSettings',
  category: 'Settings',
  title: 'Capture Network Settings',
  help: 'Saves the network configuration of the running system in variables. Apply Network Settings gives it to the new system.',
  settingsSchema: captureNetworkSettingsSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: { networkMembership: 'OSDMigrateNetworkMembership', adapterSettings: 'OSDMigrateAdapterSettings' },
  execution: 'unsupported',
  references: () => [],
};
