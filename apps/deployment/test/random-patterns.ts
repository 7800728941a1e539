import * as fc from 'fast-check';

/** Characters of patterns, and of the texts that they are to fit. */
const ASCII = [
  'a',
  'b',
  'A',
  'k',
  'K',
  's',
  'S',
  'z',
  '0',
  '7',
  '_',
  '-',
  ' ',
  '\n',
  '.',
  '\\',
  '[',
  ']',
  '^',
  '$',
  '"',
];
const BEYOND = ['ä', 'Ä', '٣', '\u212A', '\u017F', '\u00A0', '\u2028', '\uFFFD', '\u{10000}', '\u{1F600}'];

/** Short texts of those characters. */
export const patternText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...ASCII, ...BEYOND), { maxLength: 6 })
  .map((characters) => characters.join(''));

const escaped = (character: string): string =>
  character === '\n' ? '\\n' : /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character;

function patternOf(characters: readonly string[]): fc.Arbitrary<string> {
  const literal = fc.constantFrom(...characters).map(escaped);
  const range = fc
    .tuple(fc.constantFrom(...characters), fc.constantFrom(...characters))
    .map((ends) => ends.toSorted((one, other) => (one.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)))
    .map((ends) => ends.map(escaped).join('-'));
  const set = fc
    .tuple(
      fc.constantFrom('', '^'),
      fc.array(fc.oneof(literal, range, fc.constantFrom('\\d', '\\w', '\\s')), { minLength: 1, maxLength: 3 }),
    )
    .map(([negation, items]) => `[${negation}${items.join('')}]`);
  const repetition = fc
    .tuple(
      fc.constantFrom('*', '+', '?', '{0}', '{1}', '{2}', '{0,2}', '{1,3}', '{2,}', '{0,}'),
      fc.constantFrom('', '?'),
    )
    .map(([sign, lazy]) => sign + lazy);
  return fc.letrec<{ pattern: string; atom: string }>((tie) => {
    const atom = tie('atom') as fc.Arbitrary<string>;
    const pattern = tie('pattern') as fc.Arbitrary<string>;
    const one = { weight: 4, arbitrary: literal };
    return {
      atom: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        one,
        set,
        fc.constantFrom('.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S'),
        fc.tuple(fc.constantFrom('(', '(?:'), pattern).map(([open, inner]) => `${open}${inner})`),
      ),
      pattern: fc
        .array(
          fc.oneof(
            { weight: 5, arbitrary: atom },
            { weight: 3, arbitrary: fc.tuple(atom, repetition).map((parts) => parts.join('')) },
            { weight: 1, arbitrary: fc.constantFrom('^', '$') },
            { weight: 1, arbitrary: fc.constant('|') },
          ),
          { maxLength: 4 },
        )
        .map((parts) => parts.join('')),
    };
  }).pattern;
}

/** Patterns that rules of collections support, with and without regard to case. */
export const pattern: fc.Arbitrary<string> = fc.oneof(
  patternOf([...ASCII, ...BEYOND]),
  patternOf(ASCII).map((one) => `(?i)${one}`),
);
