import type { RunCommandLineSettings } from '@muster/sequence/steps/run-command-line/definition.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { type RunAsVariables, findAccount, runAsUser } from './run-as.js';
import { runStepProgram } from './step-process.js';

const runAsVariables: RunAsVariables = {
  asUser: 'SMSTSRunCommandLineAsUser',
  userName: 'SMSTSRunCommandLineUserName',
};

/**
 * Run Command Line. The engine has split the command and expanded the settings already. `workingDirectory` is relative to
 * the package's content, to the run's folder, or to the home of the user that it runs as.
 */
export async function executeRunCommandLine(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as RunCommandLineSettings;
  const user = runAsUser(settings.runAs, runAsVariables, context.variables);
  const account = user === undefined ? undefined : await findAccount(user, context);
  const content =
    settings.package === undefined
      ? undefined
      : await context.content.fetch({ package: settings.package }, context.signal);
  const words = settings.arguments ?? [];
  const [command, parameters] = settings.shell
    ? ['/bin/sh', ['-c', settings.command, 'sh', ...words]]
    : [settings.command, words];
  const { workingDirectory, environment, outputVariable } = settings;
  return runStepProgram(
    { command, arguments: parameters, content, workingDirectory, environment, account, outputVariable },
    context,
  );
}
