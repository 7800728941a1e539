import { type ConditionTrace, type Truth, traceCondition } from './conditions/evaluate.js';
import type { Expression, ProbeAnswer, WorldExpression } from './conditions/model.js';
import { mentionedNames } from './expand.js';
import { type Instruction, type Plan, type PlanProblem, isStepInstruction } from './plan.js';
import { planOfRun } from './plan-of-run.js';
import { prepareStep } from './prepare-step.js';
import type { ReportReason } from './report.js';
import type { ExecuteEffect, Run, RunStarted } from './run.js';
import { NOT_ASKED, type SimulatedOutcome, simulate } from './simulate.js';
import type { ContentReference } from './steps/definition.js';
import { stepDefinition } from './steps/registry.js';
import { assumedExitCode } from './success-codes.js';
import { type CollectionVariables, rankCollectionValues } from './collection-variables.js';
import { expandQuestion, variablesOf } from './walk.js';
import {
  MASK,
  type Variable,
  type VariableLayerName,
  type VariableStore,
  maskSecrets,
  readVariable,
  resolveVariable,
} from './variables.js';

/**
 * | verdict | means |
 * |---|---|
 * | will-run | the engine comes to it and begins it |
 * | skipped | disabled, or its condition (or that of a group around it) is false |
 * | blocked | the engine comes to it and it cannot run: `code` and `message` say why |
 * | unknown | its condition asks something that nobody answered |
 * | not-reached | a failure before it ends the run or its group |
 */
export type Verdict = 'will-run' | 'skipped' | 'blocked' | 'unknown' | 'not-reached';

/** A value as one layer has it. Secrets are masked. */
export interface LayeredValue {
  readonly layer: VariableLayerName;
  readonly value: string;
  /** The collection it comes from. */
  readonly source?: string | undefined;
  /** Of that collection, 1 (weakest) to 9. */
  readonly priority?: number | undefined;
  /** Another collection of the same priority wins because its id is smaller. */
  readonly tied?: true | undefined;
}

/** Who sets a variable that a node looks at, when the engine comes to the node; no winner: it does not exist. */
export interface VariableExplanation {
  readonly name: string;
  readonly winner?: LayeredValue | undefined;
  /** Whether it exists, and its value, only the run itself will know. */
  readonly knownWhenItRuns?: true | undefined;
  readonly losers: readonly LayeredValue[];
}

export interface NodeExplanation {
  readonly path: string;
  readonly name: string;
  readonly kind: 'group' | 'step' | 'sequence';
  /** Nodes above it. */
  readonly depth: number;
  readonly stepType?: string | undefined;
  readonly verdict: Verdict;
  readonly reason?: ReportReason | 'content-missing' | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** The condition's truth table, as it was when the engine came to the node. */
  readonly condition?: ConditionTrace | undefined;
  readonly variables: readonly VariableExplanation[];
  /** Content the step will ask for, names as they are then. */
  readonly content?: readonly ContentReference[] | undefined;
}

export interface SequenceExplanation {
  readonly sequence: string;
  /** Why nothing runs at all. */
  readonly problem?: PlanProblem | undefined;
  readonly nodes: readonly NodeExplanation[];
  readonly restarts: number;
  /** How the run ends if every step ends as assumed; undefined when it does not end. */
  readonly result?: 'succeeded' | 'failed' | undefined;
}

export interface ExplainOptions {
  /** How executor steps are assumed to end. Default, and where it says neither exit code nor error: well (`assumedExitCode`). */
  readonly outcome?: ((effect: ExecuteEffect, run: Run) => SimulatedOutcome) | undefined;
  /** The computer's answers; without it conditions that need them are `unknown`. */
  readonly probe?: ((question: WorldExpression) => ProbeAnswer) | undefined;
  /** Is a content reference there? undefined: nobody knows. */
  readonly isAvailable?: ((reference: ContentReference) => boolean | undefined) | undefined;
}

/**
 * Says for every node whether it would run, and why. It does not decide anything itself: it runs the engine with assumed outcomes
 * and writes down what the engine decides.
 */
export function explainSequence(started: RunStarted, options: ExplainOptions = {}): SequenceExplanation {
  const { plan, problem } = planOfRun(started);
  if (problem) return { sequence: started.sequence.name, problem, nodes: [], restarts: 0, result: 'failed' };
  const seen = new Map<number, NodeExplanation>();
  const answers = new Map<string, ProbeAnswer>();
  const ask = (question: WorldExpression): ProbeAnswer => {
    const answer = options.probe?.(question) ?? NOT_ASKED;
    answers.set(JSON.stringify(question), answer);
    return answer;
  };
  const assumed = new Map<number, number>();
  const outcome = (effect: ExecuteEffect, run: Run): SimulatedOutcome => {
    const given = options.outcome?.(effect, run) ?? {};
    const instruction = plan.instructions[effect.position];
    if (given === 'interrupted' || given.error || given.exitCode !== undefined || !instruction) return given;
    const exitCode = assumedExitCode(instruction);
    assumed.set(effect.position, exitCode);
    return { ...given, exitCode };
  };
  const simulation = simulate(started, outcome, epoch, {
    maximumEvents: plan.instructions.length * 20 + 1000,
    probe: ask,
    observer: {
      onNode: (instruction, decision, run, truth) => {
        if (decision === 'disabled') return;
        seen.set(instruction.position, describe(instruction, run, truth, answers, options, started));
      },
    },
  });
  const reasons = new Map<number, ReportReason>();
  const refused = new Map<number, Pick<NodeExplanation, 'verdict' | 'reason' | 'code' | 'message'>>();
  const begun = new Set(simulation.executed.map(({ position }) => position));
  for (const { position, outcome, reason, code, message } of simulation.reports) {
    if (position === undefined) continue;
    if (outcome === 'skipped' && reason) reasons.set(position, reason);
    // What the engine does itself it may refuse: a name that no variable may have, say.
    if (outcome === 'failed' && !begun.has(position))
      refused.set(position, { verdict: 'blocked', reason, code, message });
  }
  return {
    sequence: started.sequence.name,
    nodes: plan.instructions.map((instruction) => {
      const depth = depthOf(plan, instruction);
      const known = seen.get(instruction.position);
      const blocked = known?.verdict === 'will-run' ? refused.get(instruction.position) : undefined;
      if (known && blocked) return { ...known, ...blocked, depth };
      return known
        ? { ...known, ...assumptionNote(known, assumed.get(instruction.position) ?? 0), depth }
        : { ...unseen(plan, instruction, seen, reasons), depth };
    }),
    restarts: simulation.restarts,
    result: simulation.finished?.result,
  };
}

function markOpen(explained: VariableExplanation, run: Run): VariableExplanation {
  const open = explained.winner === undefined && variablesOf(run).isOpen?.(explained.name) === true;
  return open ? { ...explained, knownWhenItRuns: true } : explained;
}

/** Only copied into reports, which nobody sees. */
const epoch = '1970-01-01T00:00:00.000Z';

function describe(
  instruction: Instruction,
  run: Run,
  truth: Truth | undefined,
  answers: ReadonlyMap<string, ProbeAnswer>,
  options: ExplainOptions,
  started: RunStarted,
): NodeExplanation {
  const { variables } = run;
  const { collections = [] } = started.variables;
  const condition = instruction.condition && traceOf(instruction, run, answers);
  const base = {
    ...headOf(instruction),
    ...(condition ? { condition } : {}),
    variables: [...mentionedIn(instruction), ...overridesOf(instruction, variables)].map((name) =>
      markOpen(explainVariable(variables, name, collections), run),
    ),
  };
  if (truth === false) return { ...base, verdict: 'skipped', reason: 'condition-false' };
  if (truth === 'unknown') {
    const asked = condition === undefined || !hasError(condition, NOT_ASKED.error.code);
    const verdict = !asked ? 'unknown' : instruction.failOnConditionError ? 'blocked' : 'skipped';
    const open = condition === undefined ? [] : openVariables(condition);
    const message =
      open.length > 0
        ? `its condition hangs on what is known only when it runs: ${open.join(', ')}`
        : 'its condition cannot be decided on this computer';
    return { ...base, verdict, code: asked ? 'condition.not-decidable' : NOT_ASKED.error.code, message };
  }
  if (!isStepInstruction(instruction)) return { ...base, verdict: 'will-run' };
  const definition = stepDefinition(instruction.step.type);
  const prepared = prepareStep(run, instruction);
  if ('problem' in prepared) return { ...base, verdict: 'blocked', ...prepared.problem };
  if (definition?.execution === 'unsupported') {
    const message = `${definition.title} cannot be run by Muster yet`;
    return { ...base, verdict: 'blocked', code: 'step.type-unsupported', message };
  }
  const content = prepared.definition.references(prepared.settings);
  const missing = content.find((reference) => options.isAvailable?.(reference) === false);
  const withContent = content.length > 0 ? { ...base, content } : base;
  if (missing) {
    const message = `the ${missing.kind} "${missing.name}" it needs is not there`;
    return {
      ...withContent,
      verdict: 'blocked',
      reason: 'content-missing',
      code: 'content.package-not-found',
      message,
    };
  }
  return { ...withContent, ...(instruction.first ? firstProgramNote(started) : {}), verdict: 'will-run' };
}

/** Says what is assumed where it is not what everybody expects. */
function assumptionNote({ message }: NodeExplanation, exitCode: number): { message?: string } {
  if (exitCode === 0) return {};
  const note = `assumed to succeed with exit code ${exitCode}`;
  return { message: message === undefined ? note : `${message}; ${note}` };
}

function firstProgramNote({ sequence }: RunStarted): { message?: string } {
  return sequence.spec.runFirst?.always === true ? {} : { message: 'not where it has succeeded before' };
}

/** A node the engine never came to: something around it or before it kept it away. */
function unseen(
  plan: Plan,
  instruction: Instruction,
  seen: ReadonlyMap<number, NodeExplanation>,
  reasons: ReadonlyMap<number, ReportReason>,
): Omit<NodeExplanation, 'depth'> {
  const head = { ...headOf(instruction), variables: [] };
  for (let node: Instruction | undefined = instruction; node; node = plan.instructions[node.parent]) {
    if (node.disabled) return { ...head, verdict: 'skipped', reason: 'disabled', ...around(node, instruction) };
    const explained = node === instruction ? undefined : seen.get(node.position);
    if (explained && explained.verdict !== 'will-run') {
      const { verdict, reason } = explained;
      return { ...head, verdict, ...(reason ? { reason } : {}), ...around(node, instruction) };
    }
  }
  const own = firstReason(instruction, reasons);
  return { ...head, verdict: 'not-reached', ...(own ? { reason: own } : {}) };
}

function firstReason(instruction: Instruction, reasons: ReadonlyMap<number, ReportReason>): ReportReason | undefined {
  for (let position = instruction.position; position < instruction.end; position++) {
    const reason = reasons.get(position);
    if (reason) return reason;
  }
  return undefined;
}

function around(cause: Instruction, instruction: Instruction): { message?: string } {
  return cause === instruction ? {} : { message: `because of "${cause.path}"` };
}

function headOf(instruction: Instruction): Omit<NodeExplanation, 'verdict' | 'variables'> {
  const { path, name, kind, step } = instruction;
  return { path, name, kind, depth: 0, ...(step ? { stepType: step.type } : {}) };
}

function depthOf(plan: Plan, instruction: Instruction): number {
  let depth = 0;
  for (let node = plan.instructions[instruction.parent]; node; node = plan.instructions[node.parent]) depth++;
  return depth;
}

function traceOf(
  instruction: Instruction,
  run: Run,
  answers: ReadonlyMap<string, ProbeAnswer>,
): ConditionTrace | undefined {
  if (!instruction.condition) return undefined;
  const answer = (question: WorldExpression): ProbeAnswer | undefined =>
    answers.get(JSON.stringify(expandQuestion(run, question)));
  return maskTrace(traceCondition(instruction.condition, { ...variablesOf(run), answer }), run.variables);
}

function maskTrace(trace: ConditionTrace, store: VariableStore): ConditionTrace {
  if ('operator' in trace) return { ...trace, operands: trace.operands.map((operand) => maskTrace(operand, store)) };
  if (trace.actual === undefined) return trace;
  return { ...trace, actual: maskSecrets(trace.actual, store.secrets) };
}

function hasError(trace: ConditionTrace, code: string): boolean {
  return 'operator' in trace ? trace.operands.some((operand) => hasError(operand, code)) : trace.error?.code === code;
}

/** Variables of a condition of which only the run will know whether they exist, once each. */
function openVariables(trace: ConditionTrace): string[] {
  if ('operator' in trace) return [...new Set(trace.operands.flatMap(openVariables))];
  const { expression, error } = trace;
  return 'variable' in expression && error !== undefined ? [expression.variable] : [];
}

/** Names that a node's condition and settings look at, once each, in order. */
function mentionedIn(instruction: Instruction): string[] {
  let names = mentioned.get(instruction);
  if (!names) {
    const found = new Map<string, string>();
    const add = (name: string): void => void (found.has(name.toLowerCase()) || found.set(name.toLowerCase(), name));
    const scan = (value: unknown): void => {
      if (typeof value === 'string') mentionedNames(value).forEach(add);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(scan);
    };
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      if ('variable' in part) add((part as Extract<Expression, { variable: string }>).variable);
      else for (const operand of Object.values(part)) if (Array.isArray(operand)) operand.forEach(visit);
      scan(part);
    };
    if (instruction.condition) visit(instruction.condition);
    if (instruction.step) scan(instruction.step.settings);
    names = [...found.values()];
    mentioned.set(instruction, names);
  }
  return names;
}

/** Variables that exist and take the place of a setting of the step. */
function overridesOf(instruction: Instruction, store: VariableStore): string[] {
  const names = Object.values(stepDefinition(instruction.step?.type ?? '')?.variables ?? {});
  return names.filter((name) => readVariable(store, name) !== undefined && !mentionedIn(instruction).includes(name));
}

const mentioned = new WeakMap<Instruction, string[]>();

/** One variable of a store: who wins, and who loses. */
export function explainVariable(
  store: VariableStore,
  name: string,
  collections: readonly CollectionVariables[],
): VariableExplanation {
  const [winner, ...losers] = resolveVariable(store, name).flatMap(({ layer, variable }) => [
    layered(store, layer, variable),
    ...(layer === 'collection' && variable.source !== undefined ? beaten(store, name, collections) : []),
  ]);
  if (winner === undefined || winner.value === '') return { name, losers };
  return { name, winner, losers };
}

/** The values of the collections behind the one that has its way. */
function beaten(store: VariableStore, name: string, collections: readonly CollectionVariables[]): LayeredValue[] {
  const [first, ...others] = rankCollectionValues(collections, name);
  return others.map(({ collection, priority, variable }) => ({
    ...layered(store, 'collection', variable),
    source: collection,
    priority,
    ...(priority === first?.priority ? { tied: true as const } : {}),
  }));
}

function layered(store: VariableStore, layer: VariableLayerName, variable: Variable): LayeredValue {
  const value = variable.secret ? MASK : maskSecrets(variable.value, store.secrets);
  return variable.source === undefined ? { layer, value } : { layer, value, source: variable.source };
}
