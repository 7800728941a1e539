/** Code points from the first to the second, both of them too. */
export type CodeRange = readonly [from: number, to: number];

/** What RE2 takes for other cases of the ASCII letters k and s: the sign of Kelvin, the long s. */
const FURTHER_CASES: readonly (readonly [letter: number, further: number])[] = [
  [0x6b, 0x212a],
  [0x73, 0x17f],
];

/** A set of characters, as a pattern of Postgres has it. */
export class CharacterSet {
  constructor(private readonly ranges: readonly CodeRange[]) {}

  /** With the other case of each ASCII letter. */
  inAnyCase(): CharacterSet {
    const added = this.ranges.flatMap(([from, to]) => [
      ...shifted(from, to, 0x41, 0x5a, 32),
      ...shifted(from, to, 0x61, 0x7a, -32),
    ]);
    const all = [...this.ranges, ...added];
    const further = FURTHER_CASES.filter(([letter]) => all.some(([from, to]) => from <= letter && letter <= to));
    return new CharacterSet([...all, ...further.map(([, code]): CodeRange => [code, code])]);
  }

  /** As a character or a set in brackets; all that is no ASCII letter or digit is written as its number, so that nothing is a sign. */
  written(negated: boolean): string {
    const [first] = this.ranges;
    if (!negated && this.ranges.length === 1 && first && first[0] === first[1]) return character(first[0]);
    const inside = this.ranges.map(([from, to]) =>
      from === to ? character(from) : `${character(from)}-${character(to)}`,
    );
    return `[${negated ? '^' : ''}${inside.join('')}]`;
  }
}

function shifted(from: number, to: number, least: number, most: number, by: number): CodeRange[] {
  const [begin, end] = [Math.max(from, least), Math.min(to, most)];
  return begin <= end ? [[begin + by, end + by]] : [];
}

function character(code: number): string {
  const text = String.fromCodePoint(code);
  return /[A-Za-z0-9]/.test(text) ? text : `\\U${code.toString(16).padStart(8, '0')}`;
}
