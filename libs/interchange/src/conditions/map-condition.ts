import type { Condition } from '@muster/sequence/conditions/model.js';
import type { Finding } from '@muster/sequence/findings.js';
import { inspectFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import { validateCondition } from '@muster/sequence/validate-condition.js';
import { quote } from '../findings.js';
import { attribute, childrenNamed, quoteXml, type XmlElement } from '../xml/xml-element.js';
import { mapExpression } from './expressions.js';
import { mapOsGroup } from './os-group.js';
import { lookup } from '../lookup.js';

/** What the caller counts and reports. */
export interface ConditionObserver {
  /** One expression of the original, by its type. */
  expression(type: string, element: XmlElement): void;
  note(code: string, message: string, fix?: string): void;
  /** A name for a variable that stands for an expression which cannot be said here. */
  standIn(): string;
}

/**
 * The condition of a node, operator for operator. Several operands directly below `condition` must all hold. Undefined when there is
 * nothing in it, which means always.
 */
export function mapCondition(element: XmlElement, observer: ConditionObserver): Condition | undefined {
  const operands = mapOperands(element, observer);
  if (operands.length > 1) return { all: operands };
  if (operands.length === 0) observer.note('import.empty-condition', 'the condition is empty, which means always');
  return operands[0];
}

function mapOperands(element: XmlElement, observer: ConditionObserver): Condition[] {
  return element.children.flatMap((child) => {
    const mapped = mapOperand(child, observer);
    return mapped === undefined ? [] : [mapped];
  });
}

function mapOperand(element: XmlElement, observer: ConditionObserver): Condition | undefined {
  switch (element.name) {
    case 'operator':
      return mapOperator(element, observer);
    case 'expression':
      return mapOne(element, observer);
    case 'osconditiongroup':
      return mapOsConditionGroup(element, observer);
    case 'osexpressiongroup':
      return mapOsExpressionGroup(element, observer);
    default:
      observer.expression(element.writtenName, element);
      return standIn(element, `<${element.writtenName}> is not known in a condition`, observer);
  }
}

const operators: Readonly<Record<string, 'all' | 'any' | 'none'>> = { and: 'all', or: 'any', not: 'none' };

function mapOperator(element: XmlElement, observer: ConditionObserver): Condition | undefined {
  const type = (attribute(element, 'type') ?? 'and').trim().toLowerCase();
  const operator = lookup(operators, type);
  if (operator === undefined) {
    for (const inner of childrenNamed(element, 'expression'))
      observer.expression(attribute(inner, 'type') ?? '', inner);
    return standIn(element, `the operator "${type}" is not known`, observer);
  }
  const operands = mapOperands(element, observer);
  if (operands.length === 0) {
    observer.note(
      'import.empty-condition',
      `an operator "${type}" has no operands; it is left out, as if it were true`,
    );
    return undefined;
  }
  return operator === 'all' ? { all: operands } : operator === 'any' ? { any: operands } : { none: operands };
}

function mapOne(element: XmlElement, observer: ConditionObserver): Condition {
  observer.expression(attribute(element, 'type') ?? '', element);
  const mapped = mapExpression(element);
  if ('problem' in mapped) return standIn(element, mapped.problem, observer);
  const findings: Finding[] = [];
  validateCondition(mapped.condition, '', findings, inspectFactsQuery);
  const error = findings.find(({ severity }) => severity === 'error');
  if (error) return standIn(element, error.message, observer);
  for (const note of mapped.notes ?? []) observer.note('import.behaves-differently', note);
  return mapped.condition;
}

function mapOsConditionGroup(element: XmlElement, observer: ConditionObserver): Condition | undefined {
  const operands = mapOperands(element, observer);
  if (operands.length > 0) return { any: operands };
  observer.note('import.empty-condition', 'a list of systems is empty; it is left out, as if it were true');
  return undefined;
}

function mapOsExpressionGroup(group: XmlElement, observer: ConditionObserver): Condition | undefined {
  const os = mapOsGroup(group);
  if (os !== undefined) {
    for (const inner of childrenNamed(group, 'expression')) observer.expression(attribute(inner, 'type') ?? '', inner);
    return os;
  }
  const operands = group.children
    .filter(({ name }) => name !== 'platformkey')
    .flatMap((child) => mapOperand(child, observer) ?? []);
  if (operands.length > 0) return { all: operands };
  const name = attribute(group, 'name') ?? '';
  return standIn(group, `the system "${name}" cannot be told by what the file says`, observer);
}

/** A condition nobody can answer would vanish; a variable that somebody has to set does not, and is false until then. */
function standIn(element: XmlElement, problem: string, observer: ConditionObserver): Condition {
  const variable = observer.standIn();
  observer.note(
    'import.condition-unmapped',
    `${problem}; ${variable} stands for it: ${quote(quoteXml(element))}`,
    `write the condition anew, or set ${variable} to true where it holds`,
  );
  return { variable, operator: 'equals', value: 'true' };
}
