import type { Condition } from './conditions/model.js';
import { LIMITS } from './limits.js';
import { nameKey } from './names.js';
import {
  type RetryPolicy,
  type RunIn,
  type SequenceNode,
  type SequenceSpec,
  isGroup,
  isStep,
  nodeName,
} from './model.js';

/** What a step instruction adds to a node. */
export interface StepInstruction {
  readonly type: string;
  readonly runIn: RunIn;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly retry?: RetryPolicy | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly successCodes?: readonly number[] | undefined;
  readonly repeatable?: boolean | undefined;
}

/** One node of the tree, in execution order. The subtree of a node is the range [position, end). */
export interface Instruction {
  readonly position: number;
  readonly kind: 'group' | 'step' | 'sequence';
  readonly name: string;
  readonly path: string;
  /** Position of the enclosing node, -1 under the root. */
  readonly parent: number;
  readonly end: number;
  readonly disabled: boolean;
  readonly continueOnError: boolean;
  readonly condition?: Condition | undefined;
  /** The node fails, instead of being skipped, when its condition cannot be decided. */
  readonly failOnConditionError?: boolean | undefined;
  /** The program that runs before the first step of the sequence. */
  readonly first?: true | undefined;
  /** Absent for groups and child sequences. */
  readonly step?: StepInstruction | undefined;
}

/** Is this node a step? */
export function isStepInstruction(
  instruction: Instruction,
): instruction is Instruction & { readonly step: StepInstruction } {
  return instruction.step !== undefined;
}

/** The instruction table of a run, children inlined. */
export interface Plan {
  readonly instructions: readonly Instruction[];
  /** Steps to expect: groups and disabled steps do not count, enabled steps of a disabled group do. */
  readonly total: number;
  /** Defaults of the parent and its children; the first to name one wins. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Why a sequence cannot be run at all; continue on error does not help. */
export interface PlanProblem {
  readonly code:
    | 'sequence.disabled'
    | 'sequence.child-missing'
    | 'sequence.child-disabled'
    | 'sequence.cycle'
    | 'sequence.too-deep'
    | 'sequence.too-many-steps';
  readonly message: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Flattens a sequence and its children into an instruction table.
 * A child behind a disabled pointer, or inside a disabled group, is not looked at. The program that runs first is the first
 * instruction; those of children run nothing (deployments.md section 1.1).
 */
export function compilePlan(
  name: string,
  spec: SequenceSpec,
  children: Readonly<Record<string, SequenceSpec>> = {},
  { withoutFirst = false }: { readonly withoutFirst?: boolean } = {},
): { plan: Plan; problem?: PlanProblem } {
  const compiler = new PlanCompiler(children);
  compiler.addVariables(spec.variables);
  if (spec.enabled === false) {
    compiler.problem = { code: 'sequence.disabled', message: `the task sequence "${name}" is disabled` };
  } else {
    if (spec.runFirst && !withoutFirst) compiler.addFirst(spec.runFirst);
    compiler.addSequence([name], spec, -1, '', false);
  }
  const variables = compiler.variables;
  if (compiler.problem) return { plan: { instructions: [], total: 0, variables }, problem: compiler.problem };
  return { plan: { instructions: compiler.instructions, total: compiler.total, variables } };
}

/** The sequence a node stands in. */
interface Source {
  /** From the parent of all down to this one. */
  readonly names: readonly string[];
  readonly failOnConditionError: boolean;
}

class PlanCompiler {
  readonly instructions: Mutable<Instruction>[] = [];
  total = 0;
  readonly variables: Record<string, string> = {};
  private readonly variableKeys = new Set<string>();
  problem: PlanProblem | undefined;
  /** Every path there is, and the number to try for the next node that would have it. */
  private readonly nextNumber = new Map<string, number>();
  /** Of each instruction: how many nodes are around it, itself included. */
  private readonly depths: number[] = [];

  constructor(private readonly children: Readonly<Record<string, SequenceSpec>>) {}

  /** Defaults of a sequence, unless one before it has the name: a parent comes before its children, siblings in order. */
  addVariables(variables: Readonly<Record<string, string>> = {}): void {
    for (const [name, value] of Object.entries(variables)) {
      if (this.variableKeys.has(nameKey(name))) continue;
      this.variableKeys.add(nameKey(name));
      this.variables[name] = value;
    }
  }

  addFirst({ package: name, program }: NonNullable<SequenceSpec['runFirst']>): void {
    const node = {
      step: `Run first: ${name}, ${program}`,
      type: 'InstallPackage',
      settings: { package: name, program },
    };
    this.addNode({ names: [], failOnConditionError: false }, node, -1, '', false);
    const [first] = this.instructions;
    if (first) first.first = true;
  }

  addSequence(names: readonly string[], spec: SequenceSpec, parent: number, prefix: string, inert: boolean): void {
    const source = { names, failOnConditionError: spec.onConditionError === 'fail' };
    for (const node of spec.steps) this.addNode(source, node, parent, prefix, inert);
  }

  private addNode(source: Source, node: SequenceNode, parent: number, prefix: string, inert: boolean): void {
    if (this.problem) return;
    if (this.instructions.length >= LIMITS.instructions) {
      this.problem = {
        code: 'sequence.too-many-steps',
        message: `with its children the sequence has more than ${LIMITS.instructions} nodes`,
      };
      return;
    }
    const position = this.instructions.length;
    const depth = (this.depths[parent] ?? 0) + 1;
    if (depth > LIMITS.planDepth) {
      this.problem = {
        code: 'sequence.too-deep',
        message: `with its children the sequence nests deeper than ${LIMITS.planDepth} nodes: ${source.names.join(' > ')}`,
      };
      return;
    }
    this.depths.push(depth);
    const path = this.uniquePath(prefix + nodeName(node));
    const disabled = node.disabled === true;
    const instruction: Mutable<Instruction> = {
      position,
      kind: isGroup(node) ? 'group' : isStep(node) ? 'step' : 'sequence',
      name: nodeName(node),
      path,
      parent,
      end: position + 1,
      disabled,
      continueOnError: node.continueOnError === true,
      ...(node.condition ? { condition: node.condition } : {}),
      ...(node.condition && source.failOnConditionError ? { failOnConditionError: true } : {}),
    };
    this.instructions.push(instruction);
    if (isGroup(node)) {
      for (const child of node.steps) this.addNode(source, child, position, `${path}/`, inert || disabled);
    } else if (isStep(node)) {
      if (!disabled) this.total++;
      instruction.step = {
        type: node.type,
        runIn: node.runIn ?? 'Any',
        settings: node.settings ?? {},
        ...(node.retry ? { retry: node.retry } : {}),
        ...(node.timeoutSeconds === undefined ? {} : { timeoutSeconds: node.timeoutSeconds }),
        ...(node.successCodes ? { successCodes: node.successCodes } : {}),
        ...(node.repeatable === undefined ? {} : { repeatable: node.repeatable }),
      };
    } else if (!inert && !disabled) {
      this.addChild(source.names, node.sequence, instruction);
    }
    instruction.end = this.instructions.length;
  }

  private addChild(names: readonly string[], name: string, pointer: Instruction): void {
    if (names.includes(name)) {
      this.problem = {
        code: 'sequence.cycle',
        message: `"${pointer.path}" leads back to the sequence "${name}": ${[...names, name].join(' > ')}`,
      };
      return;
    }
    const child = Object.hasOwn(this.children, name) ? this.children[name] : undefined;
    if (!child) {
      this.problem = {
        code: 'sequence.child-missing',
        message: `the child sequence "${name}" at "${pointer.path}" was not delivered with the run`,
      };
      return;
    }
    if (child.enabled === false) {
      this.problem = {
        code: 'sequence.child-disabled',
        message: `the child sequence "${name}" at "${pointer.path}" is disabled`,
      };
      return;
    }
    this.addVariables(child.variables);
    this.addSequence([...names, name], child, pointer.position, `${pointer.path}/`, false);
  }

  /** A second node of the same path gets " (2)": a path names exactly one node of the run. */
  private uniquePath(wanted: string): string {
    const next = this.nextNumber.get(wanted);
    if (next === undefined) {
      this.nextNumber.set(wanted, 2);
      return wanted;
    }
    let count = next;
    let path = `${wanted} (${count})`;
    while (this.nextNumber.has(path)) path = `${wanted} (${++count})`;
    this.nextNumber.set(wanted, count + 1);
    this.nextNumber.set(path, 2);
    return path;
  }
}
