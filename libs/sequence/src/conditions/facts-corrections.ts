import { type CelFunc, CelScalar, celFunc } from '@bufbuild/cel';

/** So many characters (code points) has a text that a query makes, at most. */
export const MOST_CHARACTERS_MADE = 4000;

/**
 * Doubles that a query reckons with are 0 or as large as this, on either side of 0; a result beyond is an error, as is a division
 * by zero. So there is no infinity and no "not a number", about which databases and programs think differently.
 */
export const DOUBLE_BOUNDS = { least: 1e-100, most: 1e100 } as const;

/** Texts of which `int()` makes a number: decimal, nothing around it. */
export const WHOLE_TEXT = /^[+-]?[0-9]+$/;
/** Texts of which `double()` makes a number. */
export const DECIMAL_TEXT = /^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$/;
/** Texts of which `bool()` makes true or false. */
export const BOOLEANS = {
  true: ['true', 'True', 'TRUE', 't', '1'],
  false: ['false', 'False', 'FALSE', 'f', '0'],
} as const;

const { BOOL, DOUBLE, INT, STRING } = CelScalar;

/**
 * Where the library of CEL is more generous, or less exact, than the standard: `int("")` and `int("0x10")` are no numbers, and
 * texts are in the order of their code points and not of the halves of them. With these a query decides as the same query in SQL.
 */
export function corrections(): CelFunc[] {
  const ordered = (name: string, holds: (order: number) => boolean): CelFunc =>
    celFunc(name, [STRING, STRING], BOOL, (left, right) => holds(compareTexts(left, right)));
  const reckoned = (name: string, reckon: (left: number, right: number) => number): CelFunc =>
    celFunc(name, [DOUBLE, DOUBLE], DOUBLE, (left, right) => bounded(reckon(bounded(left), bounded(right))));
  return [
    celFunc('int', [STRING], INT, wholeNumber),
    celFunc('double', [STRING], DOUBLE, decimalNumber),
    reckoned('_+_', (left, right) => left + right),
    reckoned('_-_', (left, right) => left - right),
    reckoned('_*_', (left, right) => left * right),
    reckoned('_/_', (left, right) => {
      if (right === 0) throw new Error('double divide by zero');
      return left / right;
    }),
    ordered('_<_', (order) => order < 0),
    ordered('_<=_', (order) => order <= 0),
    ordered('_>_', (order) => order > 0),
    ordered('_>=_', (order) => order >= 0),
  ];
}

function wholeNumber(text: string): bigint {
  const number = WHOLE_TEXT.test(text) ? BigInt(text) : undefined;
  if (number === undefined) throw new Error(`int() of a text that is no whole number`);
  if (BigInt.asIntN(64, number) !== number) throw new Error('int overflow during type conversion');
  return number;
}

function decimalNumber(text: string): number {
  if (!DECIMAL_TEXT.test(text)) throw new Error('double() of a text that is no number');
  const number = Number(text);
  if (number === 0 && /^[^eE]*[1-9]/.test(text)) throw new Error(OUT_OF_BOUNDS);
  return bounded(number);
}

const OUT_OF_BOUNDS = `a decimal number beyond ${DOUBLE_BOUNDS.most}, or nearer to 0 than ${DOUBLE_BOUNDS.least}`;

function bounded(number: number): number {
  const size = Math.abs(number);
  if (number === 0 || (size >= DOUBLE_BOUNDS.least && size <= DOUBLE_BOUNDS.most)) return number;
  throw new Error(OUT_OF_BOUNDS);
}

/** By code points: a surrogate pair comes behind every character that needs none. */
function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (one !== other) return rank(one) - rank(other);
  }
  return left.length - right.length;
}

/** Halves of pairs (D800–DFFF) come behind U+E000–U+FFFF. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);
