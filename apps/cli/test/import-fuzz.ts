import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportSequence } from '@muster/interchange/export/export-sequence.js';
import { importFiles } from '@muster/interchange/import-files.js';
import { importSequence, type ImportedSequence } from '@muster/interchange/import-sequence.js';
import { recognise } from '@muster/interchange/source/find-sequences.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { openSources } from '../src/commands/import/import-sources.js';

/** What a fuzz run found. */
export interface FuzzResult {
  readonly cases: number;
  /** How many cases ended in which way: `imported`, `not-a-sequence`, or the code of a refusal. */
  readonly endings: Readonly<Record<string, number>>;
  readonly slowestMilliseconds: number;
  /** Broken promises, with the seed of their case. */
  readonly failures: readonly string[];
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Imports mutations of real files and checks what the importer promises for any bytes: it never throws, every refusal has a code,
 * every document is valid, what is dropped is said, and whatever was imported can be exported and imported again.
 *
 * @param isOver asked before each case with how many there were
 */
export function fuzzImport(corpus: string, seed: number, isOver: (cases: number) => boolean): FuzzResult {
  const originals = readdirSync(corpus)
    .filter((name) => /\.(xml|zip|ini)$/.test(name))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(corpus, name)) }))
    // Large ones have large scripts and nothing else that small ones have not.
    .filter(({ bytes }) => bytes.length < 60_000);
  const folder = mkdtempSync(join(tmpdir(), 'muster-fuzz-'));
  const endings: Record<string, number> = {};
  const failures: string[] = [];
  let slowest = 0;
  let cases = 0;
  try {
    for (; !isOver(cases) && failures.length < 10; cases++) {
      const random = randomOf(seed + cases);
      const pick = (): (typeof originals)[number] =>
        originals[Math.floor(random() * originals.length)] ?? { name: 'x.xml', bytes: Buffer.alloc(0) };
      const { name, bytes } = pick();
      const gentle = random() < 0.6 && !name.endsWith('.zip');
      const mutated = gentle ? mutateGently(bytes, random) : mutate(bytes, pick().bytes, random);
      const path = join(folder, `case${name.slice(-4)}`);
      writeFileSync(path, mutated);
      const before = performance.now();
      try {
        for (const ending of importOne(path)) endings[ending] = (endings[ending] ?? 0) + 1;
      } catch (error) {
        failures.push(
          `seed ${seed + cases} (${name}): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
      slowest = Math.max(slowest, performance.now() - before);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { cases, endings, slowestMilliseconds: Math.round(slowest), failures };
}

function importOne(path: string): string[] {
  const result = importFiles([...openSources([path])]);
  JSON.stringify(result);
  return result.files.map(({ outcome, code, sequences }) => {
    for (const sequence of sequences) {
      const { document, counts, findings } = sequence;
      const errors = validateSequence(document.spec).filter(({ severity }) => severity === 'error');
      if (errors.length > 0) throw new Error(`the document is not valid: ${JSON.stringify(errors[0])}`);
      if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(document.metadata.name))
        throw new Error(`name ${document.metadata.name}`);
      if (counts.mappedExactly + counts.mappedWithNote + counts.unmapped !== counts.steps)
        throw new Error('steps are not all counted');
      if (counts.dropped !== 0 && !findings.some((one) => one.code === 'import.element-left-out'))
        throw new Error(`${counts.dropped} nodes are dropped and nothing says so`);
      exportAndImport(sequence);
    }
    if (outcome === 'imported') return outcome;
    if (code === undefined || !/^import\.[a-z0-9-]+$/.test(code)) throw new Error(`a refusal without a code: ${code}`);
    return code;
  });
}

/** What was imported can be exported, and what was exported imported: the same nodes, whatever there was in the file. */
function exportAndImport({ document }: ImportedSequence): void {
  const { xml, groups, steps } = exportSequence(document);
  const found = recognise('x.xml', new TextEncoder().encode(xml));
  if (found.kind !== 'sequences' || !found.sequences[0]) throw new Error('the export holds no sequence');
  const knowledge = { names: new Map(), bind: new Map(), sequences: new Map() };
  const { name, displayName } = document.metadata;
  const { counts } = importSequence(found.sequences[0], { name, displayName }, knowledge);
  if (counts.groups !== groups || counts.steps !== steps || counts.dropped !== 0)
    throw new Error(`of ${groups} groups and ${steps} steps ${counts.groups} and ${counts.steps} came back`);
}

const tokens = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '/>',
  '</',
  ']]>',
  '<![CDATA[',
  '<!--',
  '-->',
  '&#x41;',
  '&#0;',
  '&lt;',
  '&bomb;',
  '\0',
  '\u{1f600}',
  '%',
  '%A%',
  '=',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<group name="g">',
  '</group>',
  '<step name="s" type="X_Y"/>',
  '<step/>',
  '<condition/>',
  '<operator type="or"/>',
  '<expression type="SMS_TaskSequence_VariableConditionExpression"/>',
  '<subtasksequence/>',
  '<Rules>',
  ' name="__proto__"',
  ' type="constructor"',
  ' property="toString"',
  ' disable="maybe"',
  ' timeout="-1"',
  ' retryCount="99999999999"',
  'SMS_TaskSequence_',
  'BDD_',
  '-Password x',
  '9'.repeat(50),
  'A'.repeat(5000),
  '../',
  '..\\',
  '[Settings]',
];

/** What may stand between two elements without breaking the document. */
const pieces = tokens.filter((token) => /^<(?!!DOCTYPE).*>$/.test(token) && !/^<\/?(group|Rules)/.test(token));

/** Changes that leave most documents readable: elements between elements, other values, attributes and words. */
function mutateGently(original: Buffer, random: () => number): Buffer {
  let text = original.toString('utf8');
  const one = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
  const replace = (pattern: RegExp, replacement: (found: string) => string): void => {
    const found = one([...text.matchAll(pattern)]);
    if (found) text = text.slice(0, found.index) + replacement(found[0]) + text.slice(found.index + found[0].length);
  };
  const nasty = [
    '',
    '%X%',
    '__proto__',
    'constructor',
    'true',
    '-1',
    '99999999',
    'A'.repeat(300),
    'ü\u{1f600}',
    '-Password abc',
    '&lt;a&gt;',
    ' ',
  ];
  for (let count = 1 + Math.floor(random() * 12); count > 0; count--) {
    const operation = Math.floor(random() * 7);
    if (operation === 0) replace(/>\s*</g, (found) => `>${one(pieces) ?? ''}${found.slice(1)}`);
    else if (operation === 1) replace(/="[^"]*"/g, () => `="${one(nasty) ?? ''}"`);
    else if (operation === 2) replace(/>[^<>]+</g, () => `>${one(nasty) ?? ''}<`);
    else if (operation === 3)
      replace(/<variable[^>]*>[^<]*<\/variable>/g, (found) => (random() < 0.5 ? '' : found + found));
    else if (operation === 4) replace(/ [A-Za-z]+="[^"]*"/g, () => '');
    else if (operation === 5)
      replace(
        /SMS_TaskSequence_[A-Za-z]+|BDD_[A-Za-z]+/g,
        () => one([...text.matchAll(/SMS_TaskSequence_[A-Za-z]+|BDD_[A-Za-z]+/g)])?.[0] ?? 'X',
      );
    else
      replace(
        /(?<=property=")[A-Za-z0-9]+/g,
        () => one([...text.matchAll(/(?<=property=")[A-Za-z0-9]+/g)])?.[0] ?? 'X',
      );
  }
  return Buffer.from(text);
}

/** One to eight changes: bytes, ranges, tokens, encodings, and parts of another file. */
function mutate(original: Buffer, other: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const at = (): number => Math.floor(random() * (bytes.length + 1));
  const count = 1 + Math.floor(random() * 8);
  for (let index = 0; index < count; index++) {
    const from = at();
    const length = Math.floor(random() ** 3 * 2000);
    const insert = (piece: Buffer, skip = 0): void => {
      bytes = Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from + skip)]);
    };
    switch (Math.floor(random() * 9)) {
      case 0:
        if (from < bytes.length) bytes[from] = Math.floor(random() * 256);
        break;
      case 1:
        insert(Buffer.alloc(0), length);
        break;
      case 2:
        insert(bytes.subarray(from, from + length));
        break;
      case 3:
      case 4:
        insert(Buffer.from(tokens[Math.floor(random() * tokens.length)] ?? '<'));
        break;
      case 5:
        if (random() < 0.2) bytes = bytes.subarray(0, from);
        break;
      case 6: {
        const start = Math.floor(random() * other.length);
        insert(other.subarray(start, start + length), random() < 0.5 ? length : 0);
        break;
      }
      case 7: {
        // A word of the file in the place of another, so that much stays readable.
        const words = [...bytes.toString('latin1').matchAll(/[A-Za-z_0-9]{3,30}/g)];
        const [a, b] = [words[Math.floor(random() * words.length)], words[Math.floor(random() * words.length)]];
        if (a && b)
          bytes = Buffer.concat([bytes.subarray(0, a.index), Buffer.from(b[0]), bytes.subarray(a.index + a[0].length)]);
        break;
      }
      default: {
        const chance = random();
        if (chance < 0.05) bytes = Buffer.from(bytes.toString('utf8'), 'utf16le');
        else if (chance < 0.1) bytes = Buffer.from(bytes.toString('utf8').replaceAll('<', '&lt;'));
      }
    }
  }
  return bytes;
}
