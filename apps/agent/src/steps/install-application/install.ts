import type { ApplicationCommand, DeploymentType } from '@muster/sequence/applications/application.js';
import {
  type InstallationAction,
  type InstallationAnswer,
  type InstallationPlan,
  type InstallationQuestion,
  type Refusal,
  detectionUnknown,
  planInstallation,
} from '@muster/sequence/applications/plan-installation.js';
import { isRestartExitCode } from '@muster/sequence/restart-request.js';
import { ContentError, type ContentProgram } from '../../runner/content-provider.js';
import type { StepContext } from '../executor.js';
import { attempt } from '../install-package/list-outcome.js';
import { type StepFailure, failureOf, programOf, runProgram } from '../install-package/run-program.js';
import { detect } from './detect.js';

/** Success codes of a deployment type and a program that name none. */
const defaultSuccessCodes = [0, 3010];

/** What came of one application; `exitCodes` are those of all that ran, in order. */
export type InstallationResult = {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly exitCodes: readonly number[];
} & (
  | { readonly kind: 'installed' | 'already-installed' }
  /**
   * `unmet`: nothing went wrong, but its requirements or those of a dependency do not hold here; `unknown-name`: there is no such
   * application.
   */
  | { readonly kind: 'failed' | 'unmet' | 'unknown-name'; readonly failure: StepFailure }
);

/**
 * Brings one application onto this computer: plans, runs what the plan says in its order, and looks after each whether it
 * is there. What is there already is not run.
 */
export async function installApplication(name: string, context: StepContext): Promise<InstallationResult> {
  const plan = await makePlan(name, context);
  if (plan.kind === 'refused') {
    const { refusal } = plan;
    return { kind: refusalKind(name, refusal), failure: refusal, ...nothingDone([`${name}: ${refusal.code}`]) };
  }
  if (plan.kind === 'already-installed') {
    return { kind: 'already-installed', ...nothingDone([`${name}: AlreadyInstalled (${plan.deploymentType.name})`]) };
  }
  const done = nothingDone([]);
  for (const [index, action] of plan.actions.entries()) {
    // What ran before may have brought this one along.
    if (index > 0 && (await isDone(action, context)) === true) {
      done.lines.push(`${action.application}: AlreadyInstalled (${action.deploymentType.name})`);
      continue;
    }
    const failure = await carryOut(action, done, context);
    if (failure) return { kind: 'failed', failure, ...done };
  }
  return { kind: 'installed', ...done };
}

/** Codes of a name that no application has, or none that the deployment brought along. */
const unknownNameCodes: readonly string[] = [
  'content.application-not-found',
  'content.application-not-in-policy',
  'content.invalid-name',
];

function refusalKind(name: string, { code, missing }: Refusal): 'failed' | 'unmet' | 'unknown-name' {
  if (code === 'application.requirements-not-met') return 'unmet';
  return missing === name && unknownNameCodes.includes(code) ? 'unknown-name' : 'failed';
}

function nothingDone(lines: string[]): { lines: string[]; warnings: string[]; exitCodes: number[] } {
  return { lines, warnings: [], exitCodes: [] };
}

async function makePlan(name: string, context: StepContext): Promise<InstallationPlan> {
  const planner = planInstallation(name);
  let step = planner.next();
  while (step.done !== true) step = planner.next(await answer(step.value, context));
  return step.value;
}

async function answer(question: InstallationQuestion, context: StepContext): Promise<InstallationAnswer> {
  context.signal.throwIfAborted();
  switch (question.kind) {
    case 'application':
      try {
        return { application: await context.content.application(question.name, context.signal) };
      } catch (error) {
        if (error instanceof ContentError) return { refusal: { code: error.code, message: error.message } };
        throw error;
      }
    case 'requirement':
      return { truth: await context.decide(question.condition) };
    case 'detection':
      return { truth: await detect(question.deploymentType.detection, context) };
  }
}

/** True when an action has no work left; 'unknown' when nobody can tell. */
async function isDone(
  { kind, deploymentType }: InstallationAction,
  context: StepContext,
): Promise<boolean | 'unknown'> {
  const there = await detect(deploymentType.detection, context);
  return there === 'unknown' ? there : there === (kind === 'install');
}

/** Runs one action and looks whether it did what it is for. Undefined: it did. */
async function carryOut(
  action: InstallationAction,
  done: { lines: string[]; warnings: string[]; exitCodes: number[] },
  context: StepContext,
): Promise<StepFailure | undefined> {
  const { kind, application, deploymentType } = action;
  const command = kind === 'install' ? deploymentType.install : deploymentType.uninstall;
  if (!command) throw new TypeError(`"${application}" has no ${kind} command`);
  const label = `${kind} of application "${application}" (${deploymentType.name})`;
  const ran = await attempt(context, () => runCommand(command, deploymentType, label, context));
  if ('failure' in ran) {
    done.lines.push(`${application}: ${kind} (${deploymentType.name}) ${ran.failure.code}`);
    return ran.failure;
  }
  const { end, successCodes } = ran.value;
  const said = `${application}: ${kind} (${deploymentType.name}) ${end.error?.code ?? `exit code ${end.exitCode ?? 0}`}`;
  done.lines.push(said);
  const failure = failureOf(label, end, successCodes);
  if (failure) {
    if (end.output) done.lines.push(end.output.slice(-300));
    return failure;
  }
  const exitCode = end.exitCode ?? 0;
  done.exitCodes.push(exitCode);
  const finished = await isDone(action, context);
  if (finished === true) return undefined;
  if (isRestartExitCode(exitCode)) {
    done.warnings.push(`${label}: cannot be verified before the restart that it asked for`);
    return undefined;
  }
  if (finished === 'unknown') return detectionUnknown(application, deploymentType);
  return kind === 'install'
    ? { code: 'application.not-detected', message: `${label} ended with success, but it is not detected afterwards` }
    : { code: 'application.still-detected', message: `${label} ended with success, but it is still detected` };
}

async function runCommand(
  command: ApplicationCommand,
  { package: name, successCodes, timeoutSeconds }: DeploymentType,
  label: string,
  context: StepContext,
) {
  const content = name === undefined ? undefined : await context.content.fetch({ package: name }, context.signal);
  let program: ContentProgram;
  if ('command' in command) program = command;
  else if (content && name !== undefined) program = programOf(content, name, command.program);
  else {
    const message = `${label} names program "${command.program}", but the deployment type has no package`;
    throw new ContentError('content.program-not-found', message);
  }
  const end = await runProgram(
    { ...program, timeoutSeconds: timeoutSeconds ?? program.timeoutSeconds },
    label,
    content,
    context,
  );
  return { end, successCodes: successCodes ?? program.successCodes ?? defaultSuccessCodes };
}
