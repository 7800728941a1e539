import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { nameSetting } from '../setting-types.js';

export const installDeploymentToolsSettingsSchema = z.strictObject({
  package: nameSetting.meta({ description: 'the package with the deployment tools' }),
});

export type InstallDeploymentToolsSettings = z.infer<typeof installDeploymentToolsSettingsSchema>;

/** Install Deployment Tools: a legacy step. */
export const installDeploymentTools: StepDefinition<InstallDeploymentToolsSettings> = {
  type: 'InstallDeploymentTools',
  category: 'Images',
  title: 'Install Deployment Tools',
  help:
    'Legacy. Put the tools that generalise a system onto a reference computer; newer systems have them built in. ' +
    'Kept for imported sequences; write none of these anew.',
  settingsSchema: installDeploymentToolsSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: false,
  execution: 'unsupported',
  references: (settings) => [{ kind: 'Package', name: settings.package }],
};
