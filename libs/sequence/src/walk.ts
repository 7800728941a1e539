import { beginStep, reportStarted } from './begin-step.js';
import { type ConditionScope, type Truth, evaluateCondition, openQuestions } from './conditions/evaluate.js';
import type { Condition, ProbeAnswer, WorldExpression } from './conditions/model.js';
import type { Draft } from './draft.js';
import { expandDeep } from './expand.js';
import { type Instruction, isStepInstruction } from './plan.js';
import type { ProbeEffect, Run } from './run.js';
import { fail, findAbsorber, finish, settle } from './settle.js';
import { readVariable } from './variables.js';

/**
 * Goes on from the pointer until something outside must act or the run is over. `answers` are the computer's to the questions
 * of the node at the pointer.
 */
export function walk(draft: Draft, answers?: readonly ProbeAnswer[]): void {
  const { run } = draft;
  let answersOfNode = answers;
  for (;;) {
    const instruction = run.plan.instructions[run.pointer];
    if (!instruction) return finish(draft, { result: 'succeeded', exitCode: 0 });
    if (!visit(draft, instruction, answersOfNode)) return;
    answersOfNode = undefined;
  }
}

/** One node (sequence-model.md section 3). True when the run may go on at once at the pointer. */
function visit(draft: Draft, instruction: Instruction, answers: readonly ProbeAnswer[] | undefined): boolean {
  const { run } = draft;
  if (instruction.disabled) {
    draft.observer?.onNode(instruction, 'disabled', run, undefined);
    draft.reportSkipped(instruction.position, instruction.end, 'disabled');
    run.pointer = instruction.end;
    return true;
  }
  const decided = instruction.condition ? decide(run, instruction.condition, answers) : { truth: undefined };
  if ('questions' in decided) {
    run.awaiting = { kind: 'probe' };
    draft.emit({ kind: 'probe', position: instruction.position, questions: decided.questions });
    return false;
  }
  const { truth } = decided;
  if (truth === false || truth === 'unknown') return leaveOut(draft, instruction, truth, answers);
  draft.observer?.onNode(instruction, 'entered', run, truth);
  if (!isStepInstruction(instruction)) {
    run.pointer += 1;
    return true;
  }
  enterStep(draft, instruction);
  return beginStep(draft, instruction);
}

/** The `probe` effect for the node at the pointer, made from the state alone. */
export function probeEffect(run: Run): ProbeEffect {
  const instruction = run.plan.instructions[run.pointer];
  const decided = instruction?.condition ? decide(run, instruction.condition, undefined) : undefined;
  if (!decided || !('questions' in decided)) throw new RangeError(`no question at ${run.pointer}`);
  return { kind: 'probe', position: run.pointer, questions: decided.questions };
}

/**
 * Decides a condition, or says what has to be asked first. Questions keep their order, so that answers need no names; with
 * answers, what is still open stays unknown.
 */
function decide(
  run: Run,
  condition: Condition,
  answers: readonly ProbeAnswer[] | undefined,
): { truth: Truth } | { questions: WorldExpression[] } {
  const variables = variablesOf(run);
  const truth = evaluateCondition(condition, variables);
  if (truth !== 'unknown') return { truth };
  const open = openQuestions(condition, variables);
  if (!answers) return { questions: open.map((question) => expandQuestion(run, question)) };
  const answerOf = new Map(open.map((question, index) => [question, answers[index]]));
  return { truth: evaluateCondition(condition, { ...variables, answer: (expression) => answerOf.get(expression) }) };
}

/** What a condition sees of the variables of a run. */
export function variablesOf(run: Run): Pick<ConditionScope, 'read' | 'isOpen'> {
  const open = run.knownWhenItRuns?.map((name) => name.toLowerCase());
  return {
    read: (name) => readVariable(run.variables, name)?.value,
    ...(open ? { isOpen: (name: string) => open.includes(name.toLowerCase()) } : {}),
  };
}

/** `%NAME%` in paths and other texts; unknown names are empty there. A facts query and a WMI query stay as they are. */
export function expandQuestion(run: Run, question: WorldExpression): WorldExpression {
  if ('facts' in question || 'wmi' in question) return question;
  const scope = { store: run.variables, environment: run.environment };
  return expandDeep(question, scope, 'empty').value as WorldExpression;
}

/** A condition that is false, or that nobody can decide. */
function leaveOut(
  draft: Draft,
  instruction: Instruction,
  truth: false | 'unknown',
  answers: readonly ProbeAnswer[] | undefined,
): boolean {
  const { run } = draft;
  if (truth === 'unknown' && instruction.failOnConditionError) return failUndecided(draft, instruction, answers);
  draft.observer?.onNode(instruction, 'skipped', run, truth);
  const why = truth === 'unknown' ? { code: notDecidable, message: whyUndecided(answers) } : undefined;
  draft.reportSkipped(instruction.position, instruction.end, 'condition-false', why);
  run.pointer = instruction.end;
  return true;
}

function failUndecided(draft: Draft, instruction: Instruction, answers: readonly ProbeAnswer[] | undefined): boolean {
  const { run } = draft;
  draft.observer?.onNode(instruction, 'failed', run, 'unknown');
  const result = { succeeded: false, reason: 'error', code: notDecidable, message: whyUndecided(answers) } as const;
  if (!isStepInstruction(instruction)) return fail(draft, instruction, findAbsorber(run, instruction), 1, result);
  enterStep(draft, instruction);
  reportStarted(draft, instruction);
  return settle(draft, instruction, result, false);
}

const notDecidable = 'condition.not-decidable';

function whyUndecided(answers: readonly ProbeAnswer[] | undefined): string {
  const errors = (answers ?? []).flatMap((answer) => ('error' in answer ? [answer.error.message] : []));
  return `its condition cannot be decided here: ${errors.join('; ') || 'the computer gave no answer'}`;
}

/** Sets up a step that the engine comes to. */
export function enterStep(draft: Draft, instruction: Instruction): void {
  draft.run.attempt = 1;
  draft.run.reruns = 0;
  draft.setCurrentAction(instruction.name);
}
