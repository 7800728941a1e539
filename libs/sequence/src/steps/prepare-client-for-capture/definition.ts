import { z } from 'zod';
import type { StepDefinition } from '../definition.js';

export const prepareClientForCaptureSettingsSchema = z.strictObject({});

export type PrepareClientForCaptureSettings = z.infer<typeof prepareClientForCaptureSettingsSchema>;

/** Prepare Client for Capture: the management client leaves a reference computer. */
export const prepareClientForCapture: StepDefinition<PrepareClientForCaptureSettings> = {
  type: 'PrepareClientForCapture',
  category: 'Images',
  title: 'Prepare Client for Capture',
  help:
    'Removes the management client with its identity and keys from a reference computer, so that computers made from its image do not ' +
    'take themselves for it. Comes before the capture of the image.',
  settingsSchema: prepareClientForCaptureSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  execution: 'unsupported',
  references: () => [],
};
