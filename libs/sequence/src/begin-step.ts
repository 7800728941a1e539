import { type Draft, newStepReport } from './draft.js';
import { type Instruction, type StepInstruction, isStepInstruction } from './plan.js';
import { type PreparedStep, prepareStep } from './prepare-step.js';
import type { ExecuteEffect, Run } from './run.js';
import { settle } from './settle.js';
import { storeProblem, assign } from './variables.js';

/** The instruction at the pointer, which must be a step. */
export function currentStep(run: Run): Instruction & { readonly step: StepInstruction } {
  const instruction = run.plan.instructions[run.pointer];
  if (!instruction || !isStepInstruction(instruction)) throw new RangeError(`no step at ${run.pointer}`);
  return instruction;
}

/** Begins a try of the step at the pointer. True when the run may go on at once: the step is over already. */
export function beginStep(draft: Draft, instruction: Instruction & { readonly step: StepInstruction }): boolean {
  const { run } = draft;
  const prepared = prepareStep(run, instruction);
  if ('problem' in prepared) {
    reportStarted(draft, instruction);
    return settle(draft, instruction, { succeeded: false, ...prepared.problem }, false);
  }
  const { definition, settings, secret, warnings } = prepared;
  if (definition.execution !== 'engine') {
    run.awaiting = { kind: 'step-start' };
    draft.emit(toExecuteEffect(run, instruction, prepared));
    return false;
  }
  reportStarted(draft, instruction);
  const result = definition.run(settings, { secret });
  if ('error' in result)
    return settle(draft, instruction, { succeeded: false, reason: 'error', ...result.error, warnings }, false);
  const variables = assign(run.variables, result.assignments);
  const problem = storeProblem(variables);
  if (problem) return settle(draft, instruction, { succeeded: false, reason: 'error', ...problem, warnings }, false);
  run.variables = variables;
  return settle(draft, instruction, { succeeded: true, exitCode: 0, restart: result.restart, warnings }, false);
}

/** The `execute` effect for the step at the pointer, made from the state alone. */
export function executeEffect(run: Run): ExecuteEffect {
  const instruction = currentStep(run);
  const prepared = prepareStep(run, instruction);
  if ('problem' in prepared)
    throw new RangeError(`"${instruction.path}" cannot be executed: ${prepared.problem.message}`);
  return toExecuteEffect(run, instruction, prepared);
}

function toExecuteEffect(
  run: Run,
  instruction: Instruction & { readonly step: StepInstruction },
  prepared: Exclude<PreparedStep, { problem: unknown }>,
): ExecuteEffect {
  const timeoutSeconds = instruction.step.timeoutSeconds ?? prepared.definition.defaults.timeoutSeconds;
  return {
    kind: 'execute',
    position: instruction.position,
    path: instruction.path,
    name: instruction.name,
    stepType: instruction.step.type,
    settings: prepared.settings,
    attempt: run.attempt,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    secrets: prepared.secrets,
    warnings: prepared.warnings,
  };
}

export function reportStarted(draft: Draft, instruction: Instruction): void {
  const report = newStepReport('step-started', instruction);
  report.attempt = draft.run.attempt;
  draft.report(report);
}
