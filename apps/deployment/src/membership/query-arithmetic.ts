import { DOUBLE_BOUNDS, MOST_CHARACTERS_MADE } from '@muster/sequence/conditions/facts-corrections.js';
import { QueryError } from '@muster/sequence/conditions/facts-syntax.js';
import { named, type Plain, unsupported, type Value } from './query-values.js';

/** Operators of CEL as people write them. */
export const ARITHMETIC: Readonly<Record<string, string>> = {
  '_+_': '+',
  '_-_': '-',
  '_*_': '*',
  '_/_': '/',
  '_%_': '%',
};

/**
 * `+ - * / %` of two whole or two decimal numbers, and `+` of two texts. What has no result in CEL (a division by zero, a whole
 * number beyond 64 bits, a double beyond `DOUBLE_BOUNDS`) is null, as a fact that nobody told; no statement fails for it.
 *
 * Each operand stands in the statement once: sums of sums grow as they are written. `offset 0` keeps Postgres from copying
 * them into each other again, and from reckoning before it is asked.
 * @throws QueryError for operands of two types: CEL does not mix them
 */
export function arithmetic(name: string, left: Value, right: Value): Plain {
  const operator = ARITHMETIC[name] ?? name;
  if (left.type === 'text' && right.type === 'text' && operator === '+') return joined(left, right);
  if (left.type === 'int' && right.type === 'int') return ofIntegers(operator, left.sql, right.sql);
  if (left.type === 'double' && right.type === 'double' && operator !== '%') return ofDoubles(operator, left, right);
  if (left.type === 'uint' || right.type === 'uint') throw unsupported('reckoning with whole numbers without sign');
  throw new QueryError(
    `"${operator}" does not fit a ${named(left)} and a ${named(right)}${hint(operator, left, right)}`,
  );
}

/** @throws QueryError for what has no sign */
export function negated(value: Value): Plain {
  if (value.type === 'int') return wholeNumber(`(- ${value.sql})`);
  if (value.type === 'double') return { type: 'double', sql: `(- ${value.sql})`, bounded: value.bounded === true };
  throw unsupported(`"-" before a ${named(value)}`);
}

/** A result that is null beyond 64 bits. */
export function wholeNumber(sql: string): Plain {
  return {
    type: 'int',
    sql: `(select case when n between -9223372036854775808 and 9223372036854775807 then n end from (select ${sql} as n offset 0) as whole)`,
  };
}

/** A result that is null beyond `DOUBLE_BOUNDS`. */
export function boundedDouble(sql: string): Plain {
  const { least, most } = DOUBLE_BOUNDS;
  return {
    type: 'double',
    bounded: true,
    sql: `(select case when d = 0 or abs(d) between '${least}'::float8 and '${most}'::float8 then d end from (select ${sql} as d offset 0) as decimal)`,
  };
}

function ofIntegers(operator: string, left: string, right: string): Plain {
  switch (operator) {
    // `div` and `mod` cut towards zero, as CEL does.
    case '/':
      return wholeNumber(`div(${left}, nullif(${right}, 0))`);
    case '%':
      return { type: 'int', sql: `mod(${left}, nullif(${right}, 0))` };
    default:
      return wholeNumber(`(${left} ${operator} ${right})`);
  }
}

function ofDoubles(operator: string, left: Plain, right: Plain): Plain {
  const [one, other] = [left, right].map((value) => (value.bounded ? value : boundedDouble(value.sql)).sql);
  return boundedDouble(operator === '/' ? `(${one} / nullif(${other}, 0))` : `(${one} ${operator} ${other})`);
}

function joined(left: Value, right: Value): Plain {
  return {
    type: 'text',
    sql: `(select case when char_length(t) <= ${MOST_CHARACTERS_MADE} then t end from (select (${left.sql} || ${right.sql}) as t offset 0) as joined)`,
  };
}

function hint(operator: string, left: Value, right: Value): string {
  const types = [left.type, right.type];
  if (types.includes('int') && types.includes('double') && operator !== '%') {
    return ': double(…) makes a decimal number of a whole one, and 2.0 is one';
  }
  if (types.includes('text') && types.includes('int')) {
    return operator === '+'
      ? ': string(…) makes a text of a number, int(…) a number of a text'
      : ': int(…) makes a number of a text';
  }
  if (types.includes('text') && types.includes('double')) return ': double(…) makes a number of a text';
  return '';
}
