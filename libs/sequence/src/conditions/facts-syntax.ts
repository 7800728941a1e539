import { parse } from '@bufbuild/cel';
import { LIMITS } from '../limits.js';
import { FACT_SHAPE, type FactShape } from './facts-schema.js';

/** A node of the syntax tree of CEL. */
export type CelExpression = ReturnType<typeof parse>['expr'];

/** A query that can be evaluated: its tree, and the facts it names that nobody has. */
export interface ParsedQuery {
  readonly expression: CelExpression;
  /** As written: `os.nmae`. */
  readonly unknownFacts: readonly string[];
}

/** Function that pays for one turn of a loop; the name cannot be written in a query. */
export const CHARGE = '@charge';

/** Functions of the standard library that queries may call; all others have no use without a clock. */
export const QUERY_FUNCTIONS = [
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'string',
  'int',
  'uint',
  'double',
  'bool',
  'type',
  'dyn',
] as const;

/** What reads as a function and is none: tests and loops of CEL. */
const macros = ['has', 'all', 'exists', 'exists_one', 'filter', 'map'] as const;

const typeNames = new Set(['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

/** Levels of the syntax tree; chains of && and || count by their logarithm. */
const maximumDepth = 150;

/** What is wrong with a query, in words. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/**
 * Reads a query, refuses what no query over facts needs (so that its work can be bounded), and puts a charge before each
 * turn of every loop.
 * @throws QueryError
 */
export function parseQuery(query: string): ParsedQuery {
  if (query.length > LIMITS.factsQueryLength)
    throw new QueryError(`it has ${query.length} characters; ${LIMITS.factsQueryLength} are allowed`);
  let expression: CelExpression;
  try {
    expression = parse(query).expr;
  } catch (error) {
    // The parser is recursive: a hundred open brackets end it before they end us.
    if (error instanceof RangeError && error.message.includes('call stack')) throw tooDeep();
    const message = error instanceof Error ? error.message : 'it cannot be read';
    throw new QueryError(message.replace('<input>:', 'at ').slice(0, 300));
  }
  const checker = new Checker();
  const { shape } = checker.visit(expression, new Map(), 0);
  if (shape && shape.kind !== 'boolean')
    throw new QueryError(`it answers a ${shape.kind}, not true or false; compare it with something`);
  return { expression, unknownFacts: [...checker.unknownFacts] };
}

const tooDeep = (): QueryError => new QueryError('it is nested too deeply');

/** Result of visiting a node: how many nodes, and its shape where that is certain. */
interface Visited {
  readonly nodes: number;
  readonly shape?: FactShape | undefined;
}

/** Variables of loops with the shape of what they go through, where known. */
type Scope = ReadonlyMap<string, FactShape | undefined>;

class Checker {
  readonly unknownFacts = new Set<string>();

  visit(expression: CelExpression | undefined, scope: Scope, depth: number): Visited {
    if (depth > maximumDepth) throw tooDeep();
    const kind = expression?.exprKind;
    const below = (child: CelExpression | undefined, inner = scope): Visited => this.visit(child, inner, depth + 1);
    const sum = (children: readonly (CelExpression | undefined)[]): number =>
      children.reduce((nodes, child) => nodes + below(child).nodes, 1);
    switch (kind?.case) {
      case 'constExpr':
        if (kind.value.constantKind.case === 'bytesValue') throw new QueryError('bytes have no use here');
        return { nodes: 1 };
      case 'identExpr':
        return { nodes: 1, shape: this.shapeOfName(kind.value.name, scope) };
      case 'selectExpr': {
        const operand = below(kind.value.operand);
        const shape = this.field(operand.shape, kind.value.field, kind.value.operand);
        return { nodes: operand.nodes + 1, shape: kind.value.testOnly ? { kind: 'boolean' } : shape };
      }
      case 'callExpr': {
        const { target, function: name, args } = kind.value;
        checkFunction(name);
        const parts = (target ? [target, ...args] : args).map((part) => below(part));
        const nodes = parts.reduce((total, part) => total + part.nodes, 1);
        return { nodes, shape: name === '_[_]' ? this.indexed(parts[0]?.shape, args) : undefined };
      }
      case 'listExpr':
        return { nodes: sum(kind.value.elements) };
      case 'structExpr':
        if (kind.value.messageName !== '') throw new QueryError(`there is no type "${kind.value.messageName}"`);
        return {
          nodes: sum(
            kind.value.entries.flatMap((entry) => [
              entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined,
              entry.value,
            ]),
          ),
        };
      case 'comprehensionExpr': {
        const loop = kind.value;
        const range = below(loop.iterRange);
        const element = range.shape?.kind === 'list' ? range.shape.element : undefined;
        const inner = new Map(scope).set(loop.iterVar, element).set(loop.accuVar, undefined);
        const turn = below(loop.loopCondition, inner).nodes + below(loop.loopStep, inner).nodes + 1;
        if (loop.loopCondition) loop.loopCondition = charged(loop.loopCondition, turn);
        return { nodes: 1 + range.nodes + turn };
      }
      default:
        return { nodes: 1 };
    }
  }

  private shapeOfName(name: string, scope: Scope): FactShape | undefined {
    if (scope.has(name)) return scope.get(name);
    const plain = name.replace(/^\./, '');
    if (plain === 'facts') return FACT_SHAPE;
    if (typeNames.has(plain)) return undefined;
    return this.field(FACT_SHAPE, plain, undefined);
  }

  /** The shape of a field; a fact that nobody has is noted. */
  private field(shape: FactShape | undefined, name: string, of: CelExpression | undefined): FactShape | undefined {
    if (shape?.kind !== 'record') return undefined;
    if (Object.hasOwn(shape.fields, name)) return shape.fields[name];
    const before = of ? `${pathOf(of)}.` : '';
    this.unknownFacts.add(before + name);
    return undefined;
  }

  /** `disks[0]`, `os["id"]`. */
  private indexed(shape: FactShape | undefined, [operand, index]: readonly CelExpression[]): FactShape | undefined {
    if (shape?.kind === 'list') return shape.element;
    const constant = index?.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined;
    return constant?.case === 'stringValue' ? this.field(shape, constant.value, operand) : undefined;
  }
}

function checkFunction(name: string): void {
  if (/^[_@!-]/.test(name) || (QUERY_FUNCTIONS as readonly string[]).includes(name)) return;
  const macro = (macros as readonly string[]).includes(name);
  throw new QueryError(
    macro ? `"${name}" is written otherwise: ${howTo(name)}` : `there is no function "${name.slice(0, 50)}"`,
  );
}

const howTo = (name: string): string =>
  name === 'has' ? 'has(machine.uuid), with a dot in it' : `disks.${name}(d, d.sizeMegabytes > 1000)`;

/** The loop goes on only when its turn is paid for. */
function charged(condition: CelExpression, nodes: number): CelExpression {
  const price: CelExpression = {
    ...condition,
    exprKind: {
      case: 'constExpr',
      value: { $typeName: 'cel.expr.Constant', constantKind: { case: 'int64Value', value: BigInt(nodes) } },
    },
  };
  return {
    ...condition,
    exprKind: {
      case: 'callExpr',
      value: { $typeName: 'cel.expr.Expr.Call', function: CHARGE, args: [price, condition] },
    },
  };
}

function pathOf(expression: CelExpression): string {
  const kind = expression.exprKind;
  if (kind.case === 'identExpr') return kind.value.name;
  if (kind.case === 'selectExpr' && kind.value.operand) return `${pathOf(kind.value.operand)}.${kind.value.field}`;
  if (kind.case === 'callExpr' && kind.value.function === '_[_]' && kind.value.args[0])
    return `${pathOf(kind.value.args[0])}[…]`;
  return '…';
}
