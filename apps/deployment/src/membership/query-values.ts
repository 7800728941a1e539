import type { FactShape } from '@muster/sequence/conditions/facts-schema.js';
import { QueryError } from '@muster/sequence/conditions/facts-syntax.js';

/** As CEL tells numbers apart: `int` and `uint` are `numeric` in SQL, `double` is `float8`. */
export type NumberType = 'int' | 'uint' | 'double';

/**
 * A value of a query in SQL. `json` stands for records and lists; `mixed` for a choice between numbers of two types, which is a
 * number of neither: what is done with it is done on both sides of the choice.
 */
export type Value =
  | {
      readonly type: 'text' | 'boolean' | NumberType;
      readonly sql: string;
      /** Of a double: certainly within `DOUBLE_BOUNDS`. */
      readonly bounded?: boolean;
    }
  | { readonly type: 'json'; readonly sql: string; readonly shape: FactShape; readonly of?: 'software' }
  | {
      readonly type: 'mixed';
      readonly sql: string;
      readonly condition: string;
      readonly yes: Value;
      readonly no: Value;
    };

/** A value that is one in SQL too. */
export type Plain = Extract<Value, { bounded?: boolean }>;

export const truth = (sql: string): Plain => ({ type: 'boolean', sql });

export const isNumber = ({ type }: Value): boolean => type === 'int' || type === 'uint' || type === 'double';

/** What a value is called where it is refused. */
export function named(value: Value): string {
  switch (value.type) {
    case 'json':
      return value.shape.kind;
    case 'int':
      return 'whole number';
    case 'uint':
      return 'whole number without sign';
    case 'double':
      return 'decimal number';
    case 'mixed':
      return 'number of two types';
    default:
      return value.type;
  }
}

export function unsupported(what: string): QueryError {
  return new QueryError(`${what} is not supported in rules of collections`);
}

/**
 * @param condition SQL of a boolean; where it is not known the choice is not
 * @throws QueryError for values that have no type in common
 */
export function choice(condition: string, yes: Value, no: Value): Value {
  // The condition stands in it once: choices in the conditions of choices stay as long as they are written.
  const sql = `(case ${condition} when true then ${yes.sql} when false then ${no.sql} end)`;
  if (
    yes.type === no.type &&
    yes.type !== 'json' &&
    yes.type !== 'mixed' &&
    no.type !== 'json' &&
    no.type !== 'mixed'
  ) {
    return { type: yes.type, sql, bounded: yes.bounded === true && no.bounded === true };
  }
  const bothNumbers = [yes, no].every((one) => isNumber(one) || one.type === 'mixed');
  if (!bothNumbers) throw unsupported('a choice between values of two types');
  return { type: 'mixed', sql, condition, yes, no };
}

/** Does to both sides of a choice between two types of numbers what is done to it. */
export function onPlain(value: Value, act: (plain: Exclude<Value, { type: 'mixed' }>) => Value): Value {
  if (value.type !== 'mixed') return act(value);
  return choice(value.condition, onPlain(value.yes, act), onPlain(value.no, act));
}
