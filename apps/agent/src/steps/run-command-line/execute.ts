import { resolve } from 'node:path';
import { maskSecrets } from '@muster/sequence/variables.js';
import type { RunCommandLineSettings } from '@muster/sequence/steps/run-command-line/definition.js';
import { runProcess } from '../child-process.js';
import type { StepContext, StepOutcome } from '../executor.js';

/**
 * Run Command Line. The engine has split the command and expanded the settings already. `workingDirectory` is relative to
 * the package's content, or to the run's folder.
 */
export async function executeRunCommandLine(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as RunCommandLineSettings;
  const content =
    settings.package === undefined
      ? undefined
      : await context.content.fetch({ package: settings.package }, context.signal);
  const base = content?.folder ?? context.folder;
  const words = settings.arguments ?? [];
  const [command, parameters] = settings.shell
    ? ['/bin/sh', ['-c', settings.command, 'sh', ...words]]
    : [settings.command, words];
  const { standardOutput, ...outcome } = await runProcess({
    command,
    arguments: parameters,
    workingDirectory: resolve(base, settings.workingDirectory ?? '.'),
    contentFolder: settings.shell ? undefined : content?.folder,
    environment: { ...context.exportedVariables, ...settings.environment },
    timeoutSeconds: context.timeoutSeconds,
    marker: context.marker,
    secrets: context.secrets,
    signal: context.signal,
  });
  if (settings.outputVariable === undefined || outcome.error) return outcome;
  const secret = maskSecrets(standardOutput, context.secrets) !== standardOutput;
  const assignment = { name: settings.outputVariable, value: standardOutput, ...(secret ? { secret } : {}) };
  return { ...outcome, assignments: [assignment] };
}
