import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import {
  argumentSetting,
  environmentSetting,
  runAsHelp,
  runAsSetting,
  workingDirectorySetting,
} from '../run-command-line/process-settings.js';
import { CommandSplitError, splitWords } from '../run-command-line/split-command.js';
import { codedChoiceSetting, oneAtLeast, oneAtMost, together } from '../setting-rules.js';
import { booleanSetting, choiceSetting, holdsVariable, nameSetting, textSetting } from '../setting-types.js';

/** Programs that can carry out a script. */
export const SCRIPT_INTERPRETERS = ['sh', 'bash', 'pwsh', 'python3', 'cmd'] as const;
export type ScriptInterpreter = (typeof SCRIPT_INTERPRETERS)[number];

/** Ours: real inline scripts have up to 70 KB; a whole sequence has 2 MB at most. */
const scriptLength = 1_000_000;

const argumentList = z.array(argumentSetting).max(LIMITS.argumentCount);

/** A list, or one text: it is split without a shell before variables are replaced, but a lone `%NAME%` after it. */
const argumentsSetting = z.union([
  argumentList,
  argumentSetting.superRefine((text, context) => {
    try {
      splitWords(text);
    } catch (error) {
      if (!(error instanceof CommandSplitError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  }),
]);

const fileSetting = textSetting(LIMITS.pathLength).refine(
  (file) => holdsVariable(file) || isInside(file),
  'must be a path inside the package, such as scripts/setup.sh',
);

export const runScriptSettingsSchema = z
  .strictObject({
    script: textSetting(scriptLength).optional().meta({ description: 'the script itself' }),
    package: nameSetting.optional().meta({ description: 'instead: the package with the script' }),
    file: fileSetting.optional().meta({ description: 'path of the script inside the package' }),
    interpreter: choiceSetting(SCRIPT_INTERPRETERS)
      .optional()
      .meta({ description: 'default: by the suffix of the file (.sh .bash .ps1 .py .cmd .bat), else sh' }),
    arguments: argumentsSetting.optional().meta({
      description: 'a list, or one text that is split without a shell; for the script, not for the interpreter',
    }),
    expandScript: booleanSetting().optional().meta({
      description: 'replace %NAME% in the inline script, whatever quotes stand around it',
      default: false,
    }),
    executionPolicy: codedChoiceSetting({ AllSigned: 'AllSigned', Undefined: 'Undefined', Bypass: 'Bypass' })
      .optional()
      .meta({ description: 'for pwsh on Windows; other systems have none' }),
    outputVariable: writableNameSchema
      .optional()
      .meta({ description: 'gets the last 1,000 characters that the script writes to its standard output' }),
    workingDirectory: workingDirectorySetting.optional(),
    environment: environmentSetting.optional(),
    runAs: runAsSetting.optional(),
  })
  .check(oneAtLeast('script', 'package'), oneAtMost('script', 'package'), together('package', 'file'));

export type RunScriptSettings = z.infer<typeof runScriptSettingsSchema>;

/** Run Script: a script out of the step or out of a package. */
export const runScript: StepDefinition<RunScriptSettings> = {
  type: 'RunScript',
  category: 'General',
  title: 'Run Script',
  help: [
    'Runs a script with sh, bash, pwsh or python3: one that stands in the step, or a file of a package. Exit codes 0 and 3010 are success; 3010 also asks for a restart.',
    '%NAME% is replaced in the arguments and not in the text of the script, where it would be code: the script reads "$TS_NAME" (every variable that is not secret), or asks `tsenv get NAME`. expandScript: true replaces it in an inline script all the same.',
    runAsHelp,
    'While the variable SMSTSRunPowerShellAsUser is true, every Run Script runs as the user in SMSTSRunPowerShellUserName.',
    'Arguments and script are never logged.',
  ].join(' '),
  settingsSchema: runScriptSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: false,
  variables: {
    arguments: 'OSDRunPowerShellScriptParameters',
    executionPolicy: 'OSDRunPowerShellScriptExecutionPolicy',
    outputVariable: 'OSDRunPowerShellScriptOutputVariableName',
    workingDirectory: 'SMSTSRunPowerShellWorkingDirectory',
  },
  literalSettings: ['arguments', 'environment'],
  unexpandedSettings: ['script'],
  secretSettings: ['runAs.password'],
  execution: 'executor',
  platforms: ['linux', 'windows'],
  normalize(settings) {
    if (typeof settings.arguments !== 'string' || isOneVariable(settings.arguments)) return settings;
    return { ...settings, arguments: splitWords(settings.arguments) };
  },
  references: (settings) => (settings.package === undefined ? [] : [{ kind: 'Package', name: settings.package }]),
};

/** A text that is nothing but one `%NAME%`: its value is a whole line of arguments. */
function isOneVariable(text: string): boolean {
  return /^\s*%[A-Za-z_][^%]*%\s*$/.test(text);
}

/** Is a path relative and never up? On any system, so either slash separates and a colon names a drive. */
export function isInside(file: string): boolean {
  const parts = file.split(/[\\/]/);
  return parts.every((part) => part !== '..' && part !== '') && !file.includes(':');
}

const suffixes: Readonly<Record<string, ScriptInterpreter>> = {
  sh: 'sh',
  bash: 'bash',
  ps1: 'pwsh',
  py: 'python3',
  cmd: 'cmd',
  bat: 'cmd',
};

/** Which interpreter a script has when the step names none. */
export function interpreterOf(file: string | undefined): ScriptInterpreter {
  const suffix = /\.([A-Za-z0-9]+)$/.exec(file ?? '')?.[1]?.toLowerCase();
  return (suffix !== undefined && Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined) ?? 'sh';
}
