import type { QueriedFacts } from '@muster/sequence/conditions/facts-schema.js';
import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import { QueryError } from '@muster/sequence/conditions/facts-syntax.js';
import * as fc from 'fast-check';
import { pattern, patternText } from './random-patterns.js';
import { compileQuery } from '../src/membership/query-sql.js';

/** What is in reach where a part of a query stands, by type: facts, and variables of loops. */
interface Names {
  readonly texts: readonly string[];
  readonly integers: readonly string[];
  readonly booleans: readonly string[];
}

const everywhere: Names = {
  texts: ['os.id', 'facts.os.versionId', 'hostname', 'machine["uuid"]', 'facts.domain'],
  integers: ['memoryMegabytes', 'cpu.cores', 'cpu["megahertz"]', 'disks.size()', 'size(software)', 'size(hostname)'],
  booleans: [
    'onInternet',
    'has(facts.software)',
    'has(os.id)',
    'has(facts.hostname)',
    'has(cpu.cores)',
    'has(facts.os.id)',
  ],
};
const ofDisk: Names = {
  texts: [...everywhere.texts, 'd.name'],
  integers: [...everywhere.integers, 'd.sizeMegabytes'],
  booleans: [...everywhere.booleans, 'd.rotational', 'has(d.rotational)'],
};

/** Of an address of a network card: a loop in a loop. */
const ofAddress: Names = {
  texts: ['a', 'n.name', 'hostname'],
  integers: ['size(a)', 'n.addresses.size()', '3'],
  booleans: ['"7" in n.addresses', 'hostname in n.addresses', 'has(n.name)'],
};

/** Of an entry of software, which is asked alone. */
const ofEntry: Names = {
  texts: ['s.name', 's.version', 's.architecture'],
  integers: ['size(s.name)', '3'],
  booleans: ['has(s.architecture)', 'has(s.name)'],
};

/** Texts in which numbers, truths and characters of every plane are written well and badly. */
const TEXTS = [
  '',
  ' ',
  '0',
  '7',
  '-7',
  '+7',
  '007',
  ' 7',
  '7 ',
  '7\n',
  '0x10',
  '1_0',
  '٣',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '1'.repeat(60),
  '1.5',
  '-.5',
  '5.',
  '.',
  '1e3',
  '1E-3',
  '1e100',
  '1.1e100',
  '1e-100',
  '9e-101',
  '1e999',
  '1e-999',
  '0e999',
  '-0',
  'NaN',
  'Infinity',
  'true',
  'TRUE',
  'tRUE',
  't',
  'f',
  'False',
  'yes',
  'debian',
  'Debian',
  'ä',
  'Ä',
  'a\u0308',
  'ß',
  '\uFFFD',
  '\u{10000}',
  '\u{10FFFF}',
  'a\u{1F600}b',
  '\n',
  '\\',
  '%',
  "'",
  '$1',
];
const INTEGERS = ['0', '1', '-1', '2', '7', '-7', '1024', '4294967296', '9007199254740993'];
const LIMITS = ['9223372036854775807', '-9223372036854775808', '9223372036854775806'];
const DOUBLES = [
  '0.0',
  '-0.0',
  '0.1',
  '0.2',
  '0.3',
  '1.5',
  '-2.5',
  '3.0',
  '1024.0',
  '1e100',
  '1e-100',
  '3e-100',
  '1e99',
  '2e100',
];
const LARGE_DOUBLES = [
  '9007199254740992.0',
  '9223372036854775807.0',
  '9223372036854774784.0',
  '-9223372036854775808.0',
  '1e300',
  '1e-300',
];

export const text: fc.Arbitrary<string> = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...TEXTS) }, patternText);
const word = fc.constantFrom(...TEXTS.filter((one) => one !== '' && one.length <= 32));
const number = fc.constantFrom(0, 1, 2, 7, 1024, 4096, 2 ** 40, Number.MAX_SAFE_INTEGER);

/** What is installed on a computer. */
export const software: fc.Arbitrary<SoftwareEntry[]> = fc.uniqueArray(
  fc.record({ name: word, version: word, architecture: word }, { requiredKeys: ['name', 'version'] }),
  { maxLength: 3, selector: (one) => JSON.stringify(one) },
);

/** Facts of a computer that tells some of them. */
export const facts: fc.Arbitrary<QueriedFacts> = fc
  .record(
    {
      os: fc.record({ id: text, versionId: text }, { requiredKeys: [] }),
      hostname: text,
      domain: text,
      memoryMegabytes: number,
      onInternet: fc.boolean(),
      cpu: fc.record({ cores: number, megahertz: number }, { requiredKeys: [] }),
      software,
      machine: fc.record({ uuid: text }, { requiredKeys: [] }),
      disks: fc.array(
        fc.record(
          { name: text, sizeMegabytes: number, rotational: fc.boolean() },
          { requiredKeys: ['name', 'sizeMegabytes'] },
        ),
        { maxLength: 3 },
      ),
      network: fc.array(fc.record({ name: text, addresses: fc.array(text, { maxLength: 2 }) }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  .map((made) => JSON.parse(JSON.stringify(made)) as QueriedFacts);

/** Every text as CEL writes it. */
export const quoted = (value: string): string =>
  `"${[...value].map((one) => (/[A-Za-z0-9 ]/.test(one) ? one : `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`)).join('')}"`;

interface Grammar {
  integer: string;
  double: string;
  text: string;
  boolean: string;
}

function grammar(names: Names, more: readonly fc.Arbitrary<string>[]): fc.LetrecValue<Grammar> {
  return fc.letrec<Grammar>((tie) => {
    const integer = tie('integer') as fc.Arbitrary<string>;
    const double = tie('double') as fc.Arbitrary<string>;
    const words = tie('text') as fc.Arbitrary<string>;
    const boolean = tie('boolean') as fc.Arbitrary<string>;
    const either = (one: fc.Arbitrary<string>, other = one): fc.Arbitrary<string> =>
      fc.tuple(boolean, one, other).map(([condition, yes, no]) => `(${condition} ? ${yes} : ${no})`);
    const between = (one: fc.Arbitrary<string>, operators: readonly string[], other = one): fc.Arbitrary<string> =>
      fc.tuple(one, fc.constantFrom(...operators), other).map((parts) => `(${parts.join(' ')})`);
    const called = (name: string, of: fc.Arbitrary<string>): fc.Arbitrary<string> => of.map((one) => `${name}(${one})`);
    const order = ['==', '!=', '<', '<=', '>', '>='];
    const listed = fc
      .array(fc.oneof(integer, double, words, boolean), { maxLength: 3 })
      .map((all) => `[${all.join(', ')}]`);
    const numbers = fc.oneof(integer, double, either(integer, double));
    const nested = { depthSize: 'small', withCrossShrink: true } as const;
    return {
      integer: fc.oneof(
        nested,
        fc.constantFrom(...names.integers, ...INTEGERS),
        fc.constantFrom(...LIMITS),
        between(integer, ['+', '-', '*', '/', '%']),
        called('-', integer),
        called('int', fc.oneof(integer, double, words)),
        called('size', words),
        either(integer),
      ),
      double: fc.oneof(
        nested,
        fc.constantFrom(...DOUBLES),
        fc.constantFrom(...LARGE_DOUBLES),
        between(double, ['+', '-', '*', '/']),
        called('-', double),
        called('double', fc.oneof(integer, double, words)),
        either(double),
      ),
      text: fc.oneof(
        nested,
        fc.constantFrom(...names.texts),
        text.map(quoted),
        between(words, ['+']),
        called('string', fc.oneof(integer, words, boolean)),
        either(words),
      ),
      boolean: fc.oneof(
        nested,
        fc.constantFrom(...names.booleans, 'true', 'false'),
        between(integer, order),
        between(double, order),
        between(numbers, order),
        between(words, order),
        between(boolean, order),
        between(words, ['==', '!='], numbers),
        fc.tuple(fc.oneof(numbers, words), listed).map(([one, list]) => `(${one} in ${list})`),
        called('bool', words),
        fc
          .tuple(words, fc.constantFrom('startsWith', 'endsWith', 'contains'), words)
          .map(([one, test, part]) => `(${one}).${test}(${part})`),
        fc.tuple(words, pattern).map(([one, other]) => `(${one}).matches(${quoted(other)})`),
        between(boolean, ['&&', '||']),
        called('!', boolean),
        either(boolean),
        ...more,
      ),
    };
  });
}

/** Some would be too long a statement, which is refused in words. */
function isAccepted(query: string): boolean {
  try {
    compileQuery(query, () => '$1');
    return true;
  } catch (error) {
    if (error instanceof QueryError && error.message.includes('too long')) return false;
    throw error;
  }
}

const inLoop = fc
  .tuple(fc.constantFrom('exists', 'all'), grammar(ofDisk, []).boolean)
  .map(([loop, condition]) => `disks.${loop}(d, ${condition})`);

const inNetwork = fc
  .tuple(fc.constantFrom('exists', 'all'), fc.constantFrom('exists', 'all'), grammar(ofAddress, []).boolean)
  .map(([outer, inner, condition]) => `network.${outer}(n, n.addresses.${inner}(a, ${condition}))`);

const inSoftware = fc
  .tuple(fc.constantFrom('exists', 'all'), grammar(ofEntry, []).boolean)
  .map(([loop, condition]) => `software.${loop}(s, ${condition})`);

/** Queries that hang on entries of some names, of names that begin so, on any entry, or on how many there are. */
export const softwareQuery: fc.Arbitrary<string> = fc
  .oneof(
    inSoftware,
    fc
      .tuple(
        fc.constantFrom('exists', 'all'),
        fc.constantFrom('', '!'),
        fc.oneof(
          word.map((one) => `s.name == ${quoted(one)}`),
          word.map((one) => `${quoted(one)} != s.name`),
          word.map((one) => `s.name.startsWith(${quoted([...one][0] ?? one)})`),
          fc.array(word, { maxLength: 3 }).map((all) => `s.name in [${all.map(quoted).join(', ')}]`),
        ),
        fc.constantFrom('&&', '||'),
        grammar(ofEntry, []).boolean,
      )
      .map(([loop, sign, name, operator, more]) => `software.${loop}(s, ${sign}(${name}) ${operator} ${more})`),
    fc.constantFrom('size(software) > 1', 'has(facts.software)'),
  )
  .filter(isAccepted);

/** Queries of the right types, over facts that may be there. */
export const query: fc.Arbitrary<string> = grammar(everywhere, [inLoop, inNetwork, inSoftware]).boolean.filter(
  isAccepted,
);
