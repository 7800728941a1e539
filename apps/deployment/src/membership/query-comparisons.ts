import { isNumber, onPlain, truth, unsupported, type Plain, type Value } from './query-values.js';

/** Comparisons of CEL, as SQL. */
export const COMPARISONS: Readonly<Record<string, string>> = {
  '_==_': '=',
  '_!=_': '<>',
  '_<_': '<',
  '_<=_': '<=',
  '_>_': '>',
  '_>=_': '>=',
};

/** @throws QueryError for records and lists */
export function compare(name: string, left: Value, right: Value): Plain {
  if (isStructure(left) || isStructure(right)) throw unsupported('comparing records or lists');
  const operator = COMPARISONS[name] ?? '=';
  if (isNumber(left) && isNumber(right)) return truth(compareNumbers(operator, left, right));
  if (left.type !== right.type) {
    const answer = name === '_==_' ? 'false' : name === '_!=_' ? 'true' : 'null::boolean';
    return truth(`(case when ${left.sql} is not null and ${right.sql} is not null then ${answer} end)`);
  }
  // By code points, as CEL.
  const collation = left.type === 'text' ? ' collate "C"' : '';
  return truth(`(${left.sql}${collation} ${operator} ${right.sql})`);
}

/** `value in [elements]`: known when all of them are. */
export function isAmong(value: Value, elements: readonly Value[]): Value {
  return onPlain(value, (one) => {
    const known = [one, ...elements].map(({ sql }) => `${sql} is not null`).join(' and ');
    // Of another type: not equal, as in CEL.
    const alike = elements.filter(({ type }) => type === one.type).map(({ sql }) => sql);
    const otherNumbers = elements.filter(
      (element) => element.type !== one.type && isNumber(one) && (isNumber(element) || element.type === 'mixed'),
    );
    const ways = [
      ...(alike.length === 0 ? [] : [`${one.sql} in (${alike.join(', ')})`]),
      ...otherNumbers.map((element) => onPlain(element, (other) => compare('_==_', one, other)).sql),
    ];
    return truth(`(case when ${known} then ${ways.length === 0 ? 'false' : ways.join(' or ')} end)`);
  });
}

const isStructure = ({ type }: Value): boolean => type === 'json' || type === 'mixed';

/** Whole numbers are as near as doubles come to them where they are put in order, and exact where they are equal: so does CEL. */
function compareNumbers(operator: string, left: Value, right: Value): string {
  const [isDouble, otherIsDouble] = [left.type === 'double', right.type === 'double'];
  if (isDouble === otherIsDouble) return `(${left.sql} ${operator} ${right.sql})`;
  if (operator !== '=' && operator !== '<>') return `(${left.sql}::float8 ${operator} ${right.sql}::float8)`;
  const [double, whole] = isDouble ? [left, right] : [right, left];
  // A double becomes a numeric of fifteen digits: in two halves it keeps all of them.
  const high = 'trunc(d / 4294967296)';
  const exact = `${high}::int8::numeric * 4294967296 + (d - ${high} * 4294967296)::int8::numeric`;
  return `(select case when n is null or d is null then null when abs(d) < 36893488147419103232::float8 and trunc(d) = d
       then ${exact} ${operator} n else ${operator === '<>'} end
     from (select ${whole.sql} as n, ${double.sql} as d offset 0) as pair)`;
}
