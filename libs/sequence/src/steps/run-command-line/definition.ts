import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import { booleanSetting, nameSetting, textSetting } from '../setting-types.js';
import {
  argumentSetting,
  environmentSetting,
  runAsHelp,
  runAsSetting,
  workingDirectorySetting,
} from './process-settings.js';
import { CommandSplitError, splitCommand } from './split-command.js';

export const runCommandLineSettingsSchema = z
  .strictObject({
    command: textSetting(LIMITS.commandLength).meta({
      description:
        'with arguments: the program; alone: a command line split without a shell; with shell: text for sh -c',
    }),
    arguments: z.array(argumentSetting).max(LIMITS.argumentCount).optional(),
    shell: z.boolean().optional().meta({ description: 'hand the command to sh -c; arguments become $1, $2, …' }),
    workingDirectory: workingDirectorySetting.optional(),
    outputVariable: writableNameSchema
      .optional()
      .meta({ description: 'gets the last 1,000 characters that the program writes to its standard output' }),
    environment: environmentSetting.optional(),
    package: nameSetting.optional().meta({ description: 'content made available; it is the working directory' }),
    runAs: runAsSetting.optional(),
    disable64BitRedirection: booleanSetting().optional().meta({
      description: 'kept for imported sequences; there is nothing to redirect, the agent is a 64-bit program',
    }),
  })
  .superRefine((settings, context) => {
    if (settings.shell || settings.arguments || settings.command === '') return;
    try {
      splitCommand(settings.command);
    } catch (error) {
      if (!(error instanceof CommandSplitError)) throw error;
      context.addIssue({ code: 'custom', path: ['command'], message: error.message });
    }
  });

export type RunCommandLineSettings = z.infer<typeof runCommandLineSettingsSchema>;

/** Run Command Line: one program, without a shell unless asked. */
export const runCommandLine: StepDefinition<RunCommandLineSettings> = {
  type: 'RunCommandLine',
  category: 'General',
  title: 'Run Command Line',
  help: [
    'Runs a program. Exit codes 0 and 3010 are success; 3010 also asks for a restart. No shell unless `shell: true`.',
    runAsHelp,
    'While the variable SMSTSRunCommandLineAsUser is true, every Run Command Line runs as the user in SMSTSRunCommandLineUserName; any other value returns to what each step says.',
    'OSDDoNotLogCommand: TRUE keeps the command out of messages.',
  ].join(' '),
  settingsSchema: runCommandLineSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: false,
  variables: {
    workingDirectory: 'WorkingDirectory',
    outputVariable: 'SMSTSRunCommandLineOutputVariableName',
    disable64BitRedirection: 'SMSTSDisableWow64Redirection',
  },
  literalSettings: ['command', 'arguments', 'environment'],
  secretSettings: ['runAs.password'],
  execution: 'executor',
  platforms: ['linux', 'windows'],
  normalize(settings) {
    if (settings.shell || settings.arguments) return settings;
    const [command = '', ...words] = splitCommand(settings.command);
    return { ...settings, command, arguments: words };
  },
  references: (settings) => (settings.package === undefined ? [] : [{ kind: 'Package', name: settings.package }]),
};
