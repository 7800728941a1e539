import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { listSetting, oneAtLeast, oneAtMost, readableNameSetting, together } from '../setting-rules.js';
import { booleanSetting, nameSetting, textSetting } from '../setting-types.js';

export const installPackageSettingsSchema = z
  .strictObject({
    package: nameSetting.optional().meta({ description: 'the package; with program' }),
    program: textSetting(100).optional().meta({ description: 'name of one of its programs, case-sensitive' }),
    listVariable: readableNameSetting.optional().meta({
      description: 'instead: base name of a dynamic list; NAME001, NAME002, … each hold PACKAGE:Program',
    }),
    listPackages: listSetting(nameSetting).optional().meta({
      description: 'packages that the dynamic list may name; a deployment brings their content along',
    }),
    continueOnInstallError: booleanSetting().optional().meta({
      description: 'go on with the rest of the list when a program fails; the step then succeeds with warnings',
    }),
  })
  .check(oneAtLeast('package', 'listVariable'), oneAtMost('package', 'listVariable'), together('package', 'program'));

export type InstallPackageSettings = z.infer<typeof installPackageSettingsSchema>;

/** Install Package: runs named programs of packages out of their content, even if they ran before. */
export const installPackage: StepDefinition<InstallPackageSettings> = {
  type: 'InstallPackage',
  category: 'Software',
  title: 'Install Package',
  help: [
    'Makes the content of a package available and runs one of its programs there, even if it ran before.',
    'With listVariable: APPS, the variables APPS001, APPS002, … each name PACKAGE:Program, in that order and with that case; the first missing number ends the list, and an empty list is a success.',
    'Exit codes 3010 and 1641 ask for a restart, which comes once when the list is done. The timeout of the step counts for each program.',
    'A deployment brings along only packages that the document names: name those of a list in listPackages.',
  ].join(' '),
  settingsSchema: installPackageSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: false,
  execution: 'executor',
  platforms: ['linux', 'windows'],
  variables: { program: '_SMSSWDProgramName' },
  references: ({ package: name, program, listPackages }) => [
    ...(name === undefined ? [] : [{ kind: 'Package' as const, name, ...(program === undefined ? {} : { program }) }]),
    ...(Array.isArray(listPackages) ? listPackages : []).map((listed) => ({ kind: 'Package' as const, name: listed })),
  ],
};
