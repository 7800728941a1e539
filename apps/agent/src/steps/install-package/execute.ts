import {
  LIST_DIGITS,
  type ListMember,
  parsePackageProgram,
  readDynamicList,
} from '@muster/sequence/steps/install-package/dynamic-list.js';
import { type InstallPackageSettings, installPackage } from '@muster/sequence/steps/install-package/definition.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { ListOutcome, attempt } from './list-outcome.js';
import { type StepFailure, failureOf, programOf, runProgram } from './run-program.js';

/**
 * Install Package: runs a program of the package's manifest inside the content, or all that a dynamic list names. A timeout on the
 * step wins over the program's and counts for each; success codes on the step win over the program's.
 */
export async function executeInstallPackage(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as InstallPackageSettings;
  return settings.listVariable === undefined
    ? installOne(settings.package ?? '', settings.program ?? '', context)
    : installList(settings.listVariable, settings.continueOnInstallError === true, context);
}

async function installOne(name: string, programName: string, context: StepContext): Promise<StepOutcome> {
  const content = await context.content.fetch({ package: name }, context.signal);
  const program = programOf(content, name, programName);
  const { standardOutput: _, ...outcome } = await runProgram(program, labelOf(name, programName), content, context);
  return program.successCodes ? { ...outcome, successCodes: program.successCodes } : outcome;
}

async function installList(base: string, goOn: boolean, context: StepContext): Promise<StepOutcome> {
  const outcome = new ListOutcome(context);
  const members = readDynamicList(base, LIST_DIGITS.packages, (name) => context.variables.read(name)?.value);
  if (members.length === 0) outcome.tell(`${base}001 is not set: nothing to install`);
  for (const member of members) {
    const failure = await installMember(member, outcome, context);
    if (!failure) continue;
    if (!goOn || failure.code === 'step.stopped') return outcome.failed(failure);
    outcome.warn(`${failure.code}: ${failure.message}`);
  }
  return outcome.succeeded();
}

async function installMember(
  { variable, value }: ListMember,
  outcome: ListOutcome,
  context: StepContext,
): Promise<StepFailure | undefined> {
  const named = parsePackageProgram(value);
  if (!named) {
    const message = `${variable} is "${value.slice(0, 100)}": write PACKAGE:Program`;
    outcome.tell(`${variable}: not PACKAGE:Program`);
    return { code: 'step.list-value-invalid', message };
  }
  const label = `${variable}, ${labelOf(named.package, named.program)}`;
  const ran = await attempt(context, async () => {
    const content = await context.content.fetch({ package: named.package }, context.signal);
    const program = programOf(content, named.package, named.program);
    return { program, end: await runProgram(program, label, content, context) };
  });
  if ('failure' in ran) {
    outcome.tell(`${variable} ${value}: ${ran.failure.code}`);
    return { ...ran.failure, message: `${variable}: ${ran.failure.message}` };
  }
  const { program, end } = ran.value;
  outcome.tell(`${variable} ${value}: ${end.error ? end.error.code : `exit code ${end.exitCode ?? 0}`}`);
  const successCodes = context.successCodes ?? program.successCodes ?? installPackage.defaults.successCodes;
  const failure = failureOf(label, end, successCodes);
  if (!failure) outcome.noteExitCode(end.exitCode ?? 0);
  else if (end.output) outcome.tell(end.output.slice(-300));
  return failure;
}

function labelOf(name: string, program: string): string {
  return `program "${program}" of "${name}"`;
}
