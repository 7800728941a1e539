import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type RunScriptSettings,
  type ScriptInterpreter,
  interpreterOf,
  isInside,
} from '@muster/sequence/steps/run-script/definition.js';
import { CommandSplitError, splitWords } from '@muster/sequence/steps/run-command-line/split-command.js';
import type { AvailableContent } from '../../runner/content-provider.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { type Account, type RunAsVariables, findAccount, runAsUser } from '../run-command-line/run-as.js';
import { fromHere, runStepProgram, workingDirectoryOf } from '../run-command-line/step-process.js';
import { StepError } from '../step-error.js';
import { type ScriptFile, writeScript } from './inline-script.js';
import { INTERPRETER_HELP, SCRIPT_SUFFIXES, interpreterCommand, scriptText } from './interpreter.js';

const runAsVariables: RunAsVariables = { asUser: 'SMSTSRunPowerShellAsUser', userName: 'SMSTSRunPowerShellUserName' };

/** Run Script: an inline script is a file while the step runs, a script of a package stays where it is. */
export async function executeRunScript(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as RunScriptSettings;
  const user = runAsUser(settings.runAs, runAsVariables, context.variables);
  const account = user === undefined ? undefined : await findAccount(user, context);
  const interpreter = (settings.interpreter ?? interpreterOf(settings.file)) as ScriptInterpreter;
  const content =
    settings.package === undefined
      ? undefined
      : await context.content.fetch({ package: settings.package }, context.signal);
  const inline = settings.script === undefined ? undefined : writeInline(settings, interpreter, account, context);
  try {
    const file = inline?.path ?? fileInContent(settings, content, account, context);
    const words = argumentsOf(settings);
    const call = { interpreter, file, arguments: words, executionPolicy: settings.executionPolicy };
    const started = interpreterCommand(call, process.platform, isOnPath);
    const { workingDirectory, environment, outputVariable } = settings;
    const program = { ...started, workingDirectory, environment, account, outputVariable };
    // The interpreter is never looked for in the package.
    const place = content ? { workingDirectory: workingDirectoryOf({ content, workingDirectory }, context) } : {};
    const outcome = await runStepProgram({ ...program, ...place }, context);
    return outcome.error?.code === 'step.command-not-found' ? missing(interpreter, outcome) : outcome;
  } finally {
    inline?.remove();
  }
}

function writeInline(
  { script = '', expandScript }: RunScriptSettings,
  interpreter: ScriptInterpreter,
  account: Account | undefined,
  context: StepContext,
): ScriptFile {
  const text = expandScript === true ? context.variables.expand(script, 'literal').text : script;
  const bytes = scriptText(text, interpreter, process.platform);
  return writeScript(bytes, SCRIPT_SUFFIXES[interpreter], context.folder, account);
}

/** As another account the script is named from the working directory, because folders above the content are closed. */
function fileInContent(
  settings: RunScriptSettings,
  content: AvailableContent | undefined,
  account: Account | undefined,
  context: StepContext,
): string {
  const { file = '', workingDirectory } = settings;
  const name = file.replaceAll('\\', '/');
  const path = join(content?.folder ?? '/', name);
  if (!content || !isInside(file) || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
    const message = `package "${settings.package}" has no file "${file}"`;
    throw new StepError('step.script-not-found', message);
  }
  return account ? fromHere(path, workingDirectoryOf({ content, workingDirectory }, context)) : path;
}

/** A text is left only where it was one `%NAME%`: the value is a line of arguments. */
function argumentsOf({ arguments: words = [] }: RunScriptSettings): readonly string[] {
  if (typeof words !== 'string') return words;
  try {
    return splitWords(words);
  } catch (error) {
    if (!(error instanceof CommandSplitError)) throw error;
    throw new StepError('step.invalid-settings', `after replacing variables: settings/arguments: ${error.message}`);
  }
}

function missing(interpreter: ScriptInterpreter, outcome: StepOutcome): StepOutcome {
  const message = `this computer has no ${interpreter} to run the script with: ${INTERPRETER_HELP[interpreter]}`;
  return { ...outcome, error: { code: 'step.interpreter-missing', message } };
}

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
