import type { ImportResult } from '@muster/interchange/import-files.js';
import type { ImportedSequence } from '@muster/interchange/import-sequence.js';
import { importTotals } from '@muster/interchange/totals.js';
import type { UsedVariable } from '@muster/interchange/used-variables.js';
import type { Page, PageSection } from '../../output/page.js';
import { refusalLines, todo } from './import-report.js';

/** The report of an import as a page: everything that the JSON has, in the order in which people need it. */
export function importPage(result: ImportResult): Page {
  const totals = importTotals(result);
  const all = result.files.flatMap(({ file, sequences }) => sequences.map((sequence) => ({ file, sequence })));
  const numbers: [string, number][] = [
    ['Files', totals.files],
    ['… with sequences, nothing refused', totals.parsed],
    ['… refused', totals.refused],
    ['… that are no sequence', totals.notSequences],
    ['Sequences', totals.sequences],
    ['Groups', totals.groups],
    ['Steps', totals.steps],
    ['… that call another sequence', totals.sequenceCalls],
    ['Conditions', totals.conditions],
    ['Disabled nodes', totals.disabled],
    ['Steps mapped exactly', totals.mappedExactly],
    ['Steps mapped with a note', totals.mappedWithNote],
    ['Steps kept unmapped', totals.unmapped],
    ['Nodes dropped', totals.dropped],
  ];
  return {
    title: 'Import of task sequences',
    sections: [
      table(
        2,
        'In numbers',
        ['What', 'How many'],
        numbers.map(([name, count]) => [name, String(count)]),
      ),
      { level: 2, title: 'What to do next', ...listOr(todo(result), 'Nothing: everything is bound and complete.') },
      table(
        2,
        'Files',
        ['File', 'Outcome', 'Sequences', 'Groups', 'Steps', 'Conditions', 'Unmapped'],
        result.files.map((file) => {
          const sum = (count: (one: ImportedSequence) => number): string =>
            String(file.sequences.reduce((total, one) => total + count(one), 0));
          return [
            file.file,
            file.outcome,
            String(file.sequences.length),
            sum(({ counts }) => counts.groups),
            sum(({ counts }) => counts.steps),
            sum(({ counts }) => counts.conditions),
            sum(({ counts }) => counts.unmapped),
          ];
        }),
      ),
      ...optional('Files without a sequence', result.files.flatMap(refusalLines)),
      table(
        2,
        'Types of steps',
        ['Type', 'Became', 'Exactly', 'With a note', 'Unmapped'],
        totals.types.map((one) => [
          one.type,
          one.became.join(', '),
          String(one.exactly),
          String(one.withNote),
          String(one.unmapped),
        ]),
      ),
      ...all.flatMap(({ file, sequence }) => sequenceSections(file, sequence)),
    ],
  };
}

/** Where the values of a variable come from. */
const sources: Readonly<Record<UsedVariable['from'], string>> = {
  sequence: 'the variables of the sequence',
  step: 'a step of the sequence',
  engine: 'the engine',
  outside: 'outside: give it to the deployment, a collection or the device',
};

function sequenceSections(file: string, sequence: ImportedSequence): PageSection[] {
  const { document, origin, member, id, counts, references, secrets, variables, findings } = sequence;
  const { name, displayName } = document.metadata;
  const where = `${file}${member === undefined ? '' : `, ${member}`}${id === undefined ? '' : ` (${id})`}`;
  const text =
    `TaskSequence ${name}, from ${where}, written by ${origin === 'mdt' ? 'MDT' : 'Configuration Manager'}: ` +
    `${counts.groups} groups, ${counts.steps} steps, ${counts.conditions} conditions; ` +
    `${counts.mappedExactly} steps mapped exactly, ${counts.mappedWithNote} with a note, ${counts.unmapped} kept unmapped.`;
  const notes = findings.filter(({ severity }) => severity === 'note');
  return [
    { level: 2, title: displayName, text },
    ...optionalTable(
      'What it refers to',
      ['Kind', 'Id there', 'Called there', 'Name here', 'Bound'],
      references.map((one) => [one.kind, one.id, one.displayName ?? '', one.name, one.bound ? 'yes' : 'no']),
    ),
    ...optionalTable(
      'Secrets that were left out',
      ['Where', 'What', 'Variable to give'],
      secrets.map((one) => [one.path, one.what, one.variable ?? '']),
    ),
    ...optionalTable(
      'Variables',
      ['Name', 'Read', 'Set', 'Gets its value from'],
      variables.map((one) => [one.name, String(one.reads), String(one.sets), sources[one.from]]),
    ),
    ...optionalTable(
      'What to know',
      ['Where', 'What', 'What to do', 'Code'],
      notes.map((one) => [one.path, one.message, one.fix ?? '', one.code]),
    ),
  ];
}

function table(
  level: number,
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): PageSection {
  return { level, title, table: { header, rows } };
}

function optionalTable(title: string, header: readonly string[], rows: readonly (readonly string[])[]): PageSection[] {
  return rows.length === 0 ? [] : [table(3, title, header, rows)];
}

function optional(title: string, list: readonly string[]): PageSection[] {
  return list.length === 0 ? [] : [{ level: 2, title, list }];
}

function listOr(list: readonly string[], text: string): Pick<PageSection, 'list' | 'text'> {
  return list.length === 0 ? { text } : { list };
}
