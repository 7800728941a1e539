import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { booleanSetting } from '../setting-types.js';

export const prepareWindowsForCaptureSettingsSchema = z.strictObject({
  keepActivation: booleanSetting()
    .optional()
    .meta({ description: 'do not reset the activation of the product', default: false }),
  shutdown: booleanSetting()
    .optional()
    .meta({ description: 'shut down instead of starting the preinstallation environment', default: false }),
  buildStorageDriverList: booleanSetting()
    .optional()
    .meta({ description: 'legacy: accepted from imported sequences, without effect', default: false }),
});

export type PrepareWindowsForCaptureSettings = z.infer<typeof prepareWindowsForCaptureSettingsSchema>;

/** Prepare Windows for Capture: generalises the system of a reference computer. */
export const prepareWindowsForCapture: StepDefinition<PrepareWindowsForCaptureSettings> = {
  type: 'PrepareWindowsForCapture',
  category: 'Images',
  title: 'Prepare Windows for Capture',
  help:
    'Takes out of the system of a reference computer what makes it this one computer, then restarts into the preinstallation environment. ' +
    'Fails on a computer that is a member of a domain. OSDTargetSystemRoot names the system afterwards.',
  settingsSchema: prepareWindowsForCaptureSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  variables: {
    keepActivation: 'OSDKeepActivation',
    shutdown: 'OSDShutdownPreparedOs',
    buildStorageDriverList: 'OSDBuildStorageDriverList',
  },
  execution: 'unsupported',
  references: () => [],
};
