import type { CelExpression } from '@muster/sequence/conditions/facts-syntax.js';
import { LONGEST_SOFTWARE_NAME } from '@muster/sequence/conditions/software-schema.js';
import { SOFTWARE_FACT } from './software-sql.js';

/** Read by every query over software: whether the device told of it, and all of it. */
export const SOFTWARE_TOLD = `${SOFTWARE_FACT}.told`;
/** Read by queries that ask how many entries there are. */
export const SOFTWARE_COUNT = `${SOFTWARE_FACT}.count`;

/** Beyond as many names, all collections that read software are looked up instead of those that read these names. */
const MOST_NAMES = 500;

/** What became another of the software of one device. */
export interface SoftwareChange {
  /** It told for the first time, or tells all now and did not, or the other way: every answer may be another. */
  readonly whole: boolean;
  /** There are more entries than before, or fewer. */
  readonly counted: boolean;
  /** Entries that came or went: ids of `software`, and the name of each. */
  readonly entries: readonly { readonly id: number; readonly name: string }[];
}

/** The facts in the sense of `collection_reads` that such a change changes; `software` alone is a read of any entry. */
export function factsOfChange({ whole, counted, entries }: SoftwareChange): string[] {
  const names = [...new Set(entries.map(({ name }) => name))];
  // Collections that were saved before their names were noted read `software`, whatever they ask.
  if (whole || names.length > MOST_NAMES) return [SOFTWARE_FACT, SOFTWARE_TOLD];
  const ofNames = names.flatMap((name) => {
    const signs = [...name];
    return [named(name), ...signs.map((_, index) => beginning(signs.slice(0, index + 1).join('')))];
  });
  return [...new Set([SOFTWARE_FACT, ...(counted ? [SOFTWARE_COUNT] : []), ...ofNames])];
}

/**
 * Which entries a loop over software hangs on, as facts: those of some names, those whose names begin so, or any. For all others the condition
 * is surely `neutral`: false in `exists`, true in `all`.
 *
 * @param variable of the loop
 */
export function entriesRead(condition: Part, variable: string, neutral: boolean): readonly string[] {
  return namesThatMatter(condition, variable, neutral) ?? [SOFTWARE_FACT];
}

/** A part of a query, if there is one. */
type Part = CelExpression | undefined;

const named = (name: string): string => `${SOFTWARE_FACT}=${name}`;
const beginning = (text: string): string => `${SOFTWARE_FACT}^${text}`;

/** Undefined: any. */
function namesThatMatter(condition: Part, variable: string, neutral: boolean): string[] | undefined {
  const call = condition?.exprKind.case === 'callExpr' ? condition.exprKind.value : undefined;
  if (!call) return undefined;
  const [first, second] = call.target ? [call.target, ...call.args] : call.args;
  const inner = (one: Part, other = neutral) => namesThatMatter(one, variable, other);
  switch (call.function) {
    case '!_':
      return inner(first, !neutral);
    case '_&&_':
    case '_||_': {
      const [one, other] = [inner(first), inner(second)];
      // One side that is surely neutral decides: false in &&, true in ||.
      if ((call.function === '_&&_') === !neutral) return narrower(one, other);
      return one && other && [...one, ...other];
    }
    case '_==_':
    case '_!=_': {
      if ((call.function === '_==_') === neutral) return undefined;
      return isName(first, variable) ? exactly([second]) : isName(second, variable) ? exactly([first]) : undefined;
    }
    case '@in': {
      const list = second?.exprKind.case === 'listExpr' ? second.exprKind.value.elements : undefined;
      return neutral || !list || !isName(first, variable) ? undefined : exactly(list);
    }
    case 'startsWith': {
      const start = textOf(second);
      if (neutral || !start || !isName(first, variable)) return undefined;
      return start.length > LONGEST_SOFTWARE_NAME ? [] : [beginning(start)];
    }
    default:
      return undefined;
  }
}

function narrower(one: string[] | undefined, other: string[] | undefined): string[] | undefined {
  if (!one || !other) return one ?? other;
  return one.length <= other.length ? one : other;
}

/** Undefined where one of them is no text that stands in the query. */
function exactly(values: readonly Part[]): string[] | undefined {
  const texts = values.map(textOf);
  if (!texts.every((text) => text !== undefined)) return undefined;
  return texts.filter((text) => text.length <= LONGEST_SOFTWARE_NAME).map(named);
}

function isName(expression: Part, variable: string): boolean {
  if (expression?.exprKind.case !== 'selectExpr') return false;
  const { operand, field, testOnly } = expression.exprKind.value;
  return (
    !testOnly && field === 'name' && operand?.exprKind.case === 'identExpr' && operand.exprKind.value.name === variable
  );
}

/** Undefined for what is no text, and for one that the database cannot keep, which no name is either. */
function textOf(expression: Part): string | undefined {
  const constant = expression?.exprKind.case === 'constExpr' ? expression.exprKind.value.constantKind : undefined;
  if (constant?.case !== 'stringValue' || constant.value.includes('\0')) return undefined;
  return constant.value;
}
