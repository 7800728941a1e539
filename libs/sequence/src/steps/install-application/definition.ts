import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { listSetting, oneAtLeast, oneAtMost, readableNameSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, nameSetting } from '../setting-types.js';
import { rerunsOf, retryOnRestartSetting } from './retry-on-restart.js';

export const installApplicationSettingsSchema = z
  .strictObject({
    applications: z.array(nameSetting).min(1).max(1000).optional().meta({ description: 'names, in their order' }),
    listVariable: readableNameSetting.optional().meta({
      description: 'instead: base name of a dynamic list; NAME01, NAME02, … each hold the name of an application',
    }),
    listApplications: listSetting(nameSetting).optional().meta({
      description: 'applications that the dynamic list may name; a deployment brings their content along',
    }),
    continueOnInstallError: booleanSetting().optional().meta({
      description: 'go on with the rest of the list when one fails; the step then succeeds with warnings',
    }),
    whenNotApplicable: choiceSetting(['fail', 'warn']).optional().meta({
      description: 'an application whose requirements do not hold fails (default), or is left out with a warning',
    }),
    clearCache: booleanSetting().optional().meta({ description: 'kept for imported sequences; without effect so far' }),
    retryOnRestart: retryOnRestartSetting.optional(),
  })
  .check(oneAtLeast('applications', 'listVariable'), oneAtMost('applications', 'listVariable'));

export type InstallApplicationSettings = z.infer<typeof installApplicationSettingsSchema>;

/** Install Application: brings applications to the state their documents describe; what is there is left alone. */
export const installApplication: StepDefinition<InstallApplicationSettings> = {
  type: 'InstallApplication',
  category: 'Software',
  title: 'Install Application',
  help: [
    'Installs applications in the installed system: the first deployment type whose requirements hold, its dependencies before it, and only if its detection says that it is not there. Afterwards it must be detected.',
    'With listVariable: APP, the variables APP01, APP02, … each hold one name, case-sensitive; the first missing number ends the list, an empty list is a success, and a name that nobody knows is left out with a warning.',
    'A deployment brings along only applications that the document names, what they depend on and what they supersede: name those of a list in listApplications. A name outside it is left out with the warning `content.application-not-in-policy`.',
    '`muster run --content DIR` reads the application NAME from DIR/NAME/application.yaml.',
    'Exit codes 3010 and 1641 ask for a restart, which comes once when the list is done.',
    'Variables read: TSErrorOnWarning (true: a warning fails the step), OSDAppInstallRetries (0) and OSDAppInstallRetryTimeout (30000 ms) while continueOnInstallError is off.',
    'Variables written: _TSAppInstallStatus (Undefined, Error, Warning, Success), _SMSTSAppInstallNeedsRetry.',
    'After an unexpected restart the step is begun again, twice unless retryOnRestart says otherwise; what is installed by then is not installed again.',
  ].join(' '),
  settingsSchema: installApplicationSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: true,
  reruns: rerunsOf,
  execution: 'executor',
  variables: { clearCache: 'OSDAppClearCache' },
  references: ({ applications, listApplications }) =>
    [...(applications ?? []), ...(Array.isArray(listApplications) ? listApplications : [])].map((name) => ({
      kind: 'Application',
      name,
    })),
};
