import { BOOLEANS, DECIMAL_TEXT, WHOLE_TEXT } from '@muster/sequence/conditions/facts-corrections.js';
import { boundedDouble, wholeNumber } from './query-arithmetic.js';
import { named, onPlain, type Plain, truth, unsupported, type Value } from './query-values.js';

/** Functions of CEL that make a value of one type out of one of another. */
export const CONVERSIONS: Readonly<Record<string, (value: Value) => Value>> = {
  int: (value) => onPlain(value, toInteger),
  double: (value) => onPlain(value, toDouble),
  string: (value) => onPlain(value, toText),
  bool: toBoolean,
};

function toInteger(value: Value): Plain {
  switch (value.type) {
    case 'int':
      return value;
    case 'uint':
      return wholeNumber(value.sql);
    case 'double':
      // The ends of the range are no doubles, so they are left out, as in the evaluator. Only numbers within it become an int8.
      return {
        type: 'int',
        sql: `(select case when d > -9223372036854775808::float8 and d < 9223372036854775808::float8 then trunc(d)::int8::numeric end from (select ${value.sql} as d offset 0) as decimal)`,
      };
    case 'text':
      return wholeNumber(numeric(value.sql, WHOLE_TEXT));
    default:
      throw unsupported(`the number of a ${named(value)}`);
  }
}

function toDouble(value: Value): Plain {
  switch (value.type) {
    case 'double':
      return value;
    case 'int':
    case 'uint':
      return { type: 'double', sql: `${value.sql}::float8`, bounded: true };
    case 'text':
      // By way of numeric: a double that is too small or too large would end the statement.
      return boundedDouble(
        `(select case when abs(n) < 1e300 and (n = 0 or abs(n) > 1e-300) then n::float8 end from (select ${numeric(value.sql, DECIMAL_TEXT)} as n offset 0) as decimal)`,
      );
    default:
      throw unsupported(`the number of a ${named(value)}`);
  }
}

/** Doubles are written otherwise by each side, so there is no text of one. */
function toText(value: Value): Plain {
  switch (value.type) {
    case 'text':
      return value;
    case 'int':
    case 'uint':
      return { type: 'text', sql: `trim_scale(${value.sql})::text` };
    case 'boolean':
      return { type: 'text', sql: `${value.sql}::text` };
    default:
      throw unsupported(`the text of a ${named(value)}`);
  }
}

function toBoolean(value: Value): Plain {
  if (value.type === 'boolean') return value;
  if (value.type !== 'text') throw unsupported(`true or false of a ${named(value)}`);
  const among = (texts: readonly string[]): string => texts.map((text) => `'${text}'`).join(', ');
  return truth(
    `(select case when t in (${among(BOOLEANS.true)}) then true when t in (${among(BOOLEANS.false)}) then false end from (select ${value.sql} as t offset 0) as word)`,
  );
}

/** Null for a text that is not written so. */
function numeric(text: string, pattern: RegExp): string {
  return `(select case when t ~ '${pattern.source}' then t::numeric end from (select ${text} as t offset 0) as digits)`;
}
