import { z } from 'zod';
import type { StepDefinition } from '../definition.js';

export const installPackageSettingsSchema = z.strictObject({
  package: z.string().min(1).max(253),
  program: z.string().min(1).max(100),
});

export type InstallPackageSettings = z.infer<typeof installPackageSettingsSchema>;

/** Install Package: runs a named program of a package out of its content, even if it ran before. */
export const installPackage: StepDefinition<InstallPackageSettings> = {
  type: 'InstallPackage',
  category: 'Software',
  title: 'Install Package',
  help: 'Makes the content of a package available and runs one of its programs there.',
  settingsSchema: installPackageSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: false,
  execution: 'executor',
  references: (settings) => [{ kind: 'Package', name: settings.package, program: settings.program }],
};
