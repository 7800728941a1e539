import { CommandSplitError, splitCommand } from '@muster/sequence/steps/run-command-line/split-command.js';
import type { InstallPackageSettings } from '@muster/sequence/steps/install-package/definition.js';
import type { ContentProgram } from '../../runner/content-provider.js';
import { runProcess } from '../child-process.js';
import type { StepContext, StepOutcome } from '../executor.js';

/**
 * Install Package: runs a program of the package's manifest inside the content. A timeout on the step wins over the program's,
 * success codes on the step over the program's.
 */
export async function executeInstallPackage(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as InstallPackageSettings;
  const content = await context.content.fetch({ package: settings.package }, context.signal);
  const program = Object.hasOwn(content.programs, settings.program) ? content.programs[settings.program] : undefined;
  if (!program) {
    const known = Object.keys(content.programs).join(', ') || 'none';
    return failed(
      'content.program-not-found',
      `package "${settings.package}" has no program "${settings.program}"; it has: ${known}`,
    );
  }
  const words = toWords(program);
  if (typeof words === 'string')
    return failed('content.invalid-program', `program "${settings.program}" of "${settings.package}": ${words}`);
  const [command = '', ...parameters] = words.map((word) => context.expand(word));
  const { standardOutput: _, ...outcome } = await runProcess({
    command,
    arguments: parameters,
    workingDirectory: content.folder,
    contentFolder: content.folder,
    environment: context.exportedVariables,
    timeoutSeconds: context.timeoutSeconds ?? program.timeoutSeconds,
    marker: context.marker,
    secrets: context.secrets,
    signal: context.signal,
  });
  return program.successCodes ? { ...outcome, successCodes: program.successCodes } : outcome;
}

function toWords(program: ContentProgram): string[] | string {
  if (program.arguments) return [program.command, ...program.arguments];
  try {
    return splitCommand(program.command);
  } catch (error) {
    if (error instanceof CommandSplitError) return error.message;
    throw error;
  }
}

function failed(code: string, message: string): StepOutcome {
  return { error: { code, message } };
}
