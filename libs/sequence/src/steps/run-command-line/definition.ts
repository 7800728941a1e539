import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import { CommandSplitError, splitCommand } from './split-command.js';

const noNul = (schema: z.ZodString): z.ZodString => schema.regex(/^[^\0]*$/, 'must not contain a NUL character');

export const runCommandLineSettingsSchema = z
  .strictObject({
    command: noNul(z.string().min(1).max(LIMITS.commandLength)).meta({
      description:
        'with arguments: the program; alone: a command line split without a shell; with shell: text for sh -c',
    }),
    arguments: z
      .array(noNul(z.string().max(LIMITS.commandLength)))
      .max(LIMITS.argumentCount)
      .optional(),
    shell: z.boolean().optional().meta({ description: 'hand the command to sh -c; arguments become $1, $2, …' }),
    workingDirectory: noNul(z.string().max(LIMITS.workingDirectoryLength)).optional(),
    outputVariable: writableNameSchema.optional(),
    environment: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable'),
        noNul(z.string()),
      )
      .optional(),
    package: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .meta({ description: 'content made available; it is the working directory' }),
  })
  .superRefine((settings, context) => {
    if (settings.shell || settings.arguments) return;
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
  help: 'Runs a program. Exit codes 0 and 3010 are success; 3010 also asks for a restart. No shell unless `shell: true`.',
  settingsSchema: runCommandLineSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: false,
  variables: { workingDirectory: 'WorkingDirectory', outputVariable: 'SMSTSRunCommandLineOutputVariableName' },
  literalSettings: ['command', 'arguments', 'environment'],
  execution: 'executor',
  normalize(settings) {
    if (settings.shell || settings.arguments) return settings;
    const [command = '', ...words] = splitCommand(settings.command);
    return { ...settings, command, arguments: words };
  },
  references: (settings) => (settings.package === undefined ? [] : [{ kind: 'Package', name: settings.package }]),
};
