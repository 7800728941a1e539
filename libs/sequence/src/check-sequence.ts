import { validateCondition } from './validate-condition.js';
import type { FactsInspector } from './conditions/facts-inspector.js';
import { type Finding, nearest, pointer, utf8Length } from './findings.js';
import { checkUnknownNode, fieldHint, NODE_HELP, NODE_KINDS } from './check-node.js';
import { LIMITS } from './limits.js';
import { shallowSchemas } from './model.js';
import { writableNameProblem } from './names.js';
import { checkSchema, typeName } from './schema-findings.js';
import { isForeignStepType } from './steps/foreign-step.js';
import { writtenSettings } from './steps/written-settings.js';
import { stepDefinition, stepTypeNames } from './steps/registry.js';

/**
 * Checks the `spec` of a task sequence as `validateSequence` does, for whoever decides when CEL is loaded.
 *
 * @param inspect looks at every facts query of the document
 */
export function checkSequence(spec: unknown, path: string, inspect: FactsInspector): Finding[] {
  if (!isRecord(spec)) {
    return [
      error(
        path,
        'sequence.wrong-type',
        `the spec must be an object, not ${typeName(spec)}`,
        'write an object with "steps"',
      ),
    ];
  }
  if (depthOf(spec, maximumJsonDepth) > maximumJsonDepth) {
    return [
      error(
        path,
        'sequence.too-deep',
        `the document nests deeper than ${LIMITS.nestingDepth} groups`,
        'use fewer levels, or child sequences',
      ),
    ];
  }
  const findings: Finding[] = [];
  const bytes = utf8Length(JSON.stringify(spec));
  if (bytes > LIMITS.sequenceBytes) {
    findings.push(
      error(
        path,
        'sequence.too-large',
        `the sequence has ${bytes} bytes; ${LIMITS.sequenceBytes} are allowed`,
        'move scripts into packages, or split into child sequences',
      ),
    );
  }
  findings.push(
    ...checkSchema(shallowSchemas.spec, spec, path),
    ...checkVariables(spec['variables'], pointer(path, 'variables')),
  );
  if (Array.isArray(spec['steps'])) checkNodes(spec['steps'], pointer(path, 'steps'), findings, inspect);
  return findings;
}

/** Each group is two levels of JSON (the node, its steps); settings and conditions need some room below. */
const maximumJsonDepth = LIMITS.nestingDepth * 2 + 50;

function checkNodes(nodes: readonly unknown[], path: string, findings: Finding[], inspect: FactsInspector): void {
  nodes.forEach((node, index) => checkNode(node, pointer(path, index), findings, inspect));
}

function checkNode(node: unknown, path: string, findings: Finding[], inspect: FactsInspector): void {
  if (!isRecord(node)) {
    findings.push(error(path, 'sequence.wrong-type', `a node must be an object, not ${typeName(node)}`, NODE_HELP));
    return;
  }
  const kinds = NODE_KINDS.filter((kind) => Object.hasOwn(node, kind));
  const [kind] = kinds;
  if (kind !== undefined && kinds.length === 1)
    findings.push(...checkSchema(shallowSchemas[kind], node, path, (key) => fieldHint(key, kind, node)));
  else findings.push(...checkUnknownNode(node, kinds, path));
  if (node['condition'] !== undefined)
    validateCondition(node['condition'], pointer(path, 'condition'), findings, inspect);
  // Also of a node that is none or two: what is inside is to be mended too.
  if (Array.isArray(node['steps']) && (kind === 'group' || kinds.length !== 1))
    checkNodes(node['steps'], pointer(path, 'steps'), findings, inspect);
  if (typeof node['type'] === 'string' && (kind === 'step' || kinds.length !== 1))
    checkType(node, node['type'], path, findings);
}

function checkType(node: Record<string, unknown>, type: string, path: string, findings: Finding[]): void {
  const definition = stepDefinition(type);
  if (!definition) {
    const near = nearest(type, stepTypeNames());
    const fix = near ? `did you mean ${near}?` : `known types: ${stepTypeNames().join(', ')}`;
    findings.push(
      error(pointer(path, 'type'), 'sequence.unknown-step-type', `there is no step type "${type.slice(0, 100)}"`, fix),
    );
    return;
  }
  if (isForeignStepType(type)) {
    const message = `"${type.slice(0, 100)}" is a step type of another product: it is kept, and fails when it is run`;
    const fix = 'disable the step, or put one of our types in its place';
    findings.push({
      path: pointer(path, 'type'),
      code: 'sequence.foreign-step-type',
      severity: 'warning',
      message,
      fix,
    });
  }
  const settings = node['settings'] ?? {};
  if (isRecord(settings)) {
    // Most are right: their parsed form is kept for the engine.
    if ('error' in writtenSettings(definition, settings))
      findings.push(...checkSchema(definition.settingsSchema, settings, pointer(path, 'settings')));
  }
}

function checkVariables(variables: unknown, path: string): Finding[] {
  if (variables === undefined) return [];
  if (!isRecord(variables)) {
    return [
      error(
        path,
        'sequence.wrong-type',
        `"variables" must be an object, not ${typeName(variables)}`,
        'write NAME: "value" pairs',
      ),
    ];
  }
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(variables)) {
    const at = pointer(path, name);
    const problem = writableNameProblem(name);
    if (problem) findings.push(error(at, problem.code, problem.message, 'choose another name'));
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined)
      findings.push(
        error(at, 'variable.duplicate', `"${name}" and "${twin}" are the same variable`, 'names ignore case: keep one'),
      );
    seen.set(name.toLowerCase(), name);
    if (typeof value !== 'string') {
      const fix =
        typeof value === 'number' || typeof value === 'boolean'
          ? `write it in quotes: "${String(value)}"`
          : 'write a text';
      findings.push(
        error(at, 'sequence.wrong-type', `the value of "${name}" must be a text, not ${typeName(value)}`, fix),
      );
    } else if (value.length > LIMITS.variableValueLength) {
      findings.push(
        error(
          at,
          'sequence.out-of-range',
          `the value of "${name}" has ${value.length} characters`,
          `at most ${LIMITS.variableValueLength} characters`,
        ),
      );
    }
  }
  return findings;
}

/** Depth of nesting, counted without recursion and no further than `limit` + 1. */
function depthOf(root: unknown, limit: number): number {
  let depth = 0;
  for (let level: unknown[] = [root]; level.length > 0 && depth <= limit; depth++) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return depth;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function error(path: string, code: string, message: string, fix: string): Finding {
  return { path, code, severity: 'error', message, fix };
}
