import type { ImportedFile, ImportResult } from '@muster/interchange/import-files.js';
import type { ImportedSequence } from '@muster/interchange/import-sequence.js';
import { importTotals } from '@muster/interchange/totals.js';
import { safeLine } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';

/** Findings of one kind that the report shows; the rest is counted. JSON has them all. */
const shownFindings = 5;

/** The report for people. */
export function importReport(result: ImportResult): string[] {
  const totals = importTotals(result);
  const files = result.files.map((file) => {
    const sum = (count: (one: ImportedSequence) => number): string =>
      String(file.sequences.reduce((total, one) => total + count(one), 0));
    return [
      file.file,
      file.outcome,
      String(file.sequences.length),
      sum(({ counts }) => counts.groups),
      sum(({ counts }) => counts.steps),
      sum(({ counts }) => counts.conditions),
      sum(({ counts }) => counts.mappedExactly),
      sum(({ counts }) => counts.mappedWithNote),
      sum(({ counts }) => counts.unmapped),
    ];
  });
  const header = ['FILE', 'OUTCOME', 'SEQUENCES', 'GROUPS', 'STEPS', 'CONDITIONS', 'EXACT', 'WITH NOTE', 'UNMAPPED'];
  const types = totals.types.map((one) => [
    one.type,
    one.became.join(', '),
    String(one.exactly),
    String(one.withNote),
    String(one.unmapped),
  ]);
  return [
    ...formatTable(header, files),
    ...section('Files without a sequence', result.files.flatMap(refusalLines)),
    ...(types.length > 0 ? ['', ...formatTable(['TYPE', 'BECAME', 'EXACT', 'WITH NOTE', 'UNMAPPED'], types)] : []),
    ...section('Variables that nothing in the sequences sets', outsideVariables(result)),
    ...section('What to know', findingLines(result)),
    ...section('What to do next', todo(result)),
    '',
    `${totals.files} files: ${totals.parsed} with ${totals.sequences} sequences, ${totals.refused} refused, ${totals.notSequences} no sequence. ` +
      `${totals.groups} groups, ${totals.steps} steps, ${totals.conditions} conditions. ` +
      `Mapped ${totals.mapped} (${totals.mappedExactly} exactly, ${totals.mappedWithNote} with a note), kept unmapped ${totals.unmapped}, dropped ${totals.dropped}.`,
  ];
}

/** The report for programs: totals, and every file with its sequences. */
export function importJson(result: ImportResult): object {
  return {
    ...importTotals(result),
    unusedBindings: result.unusedBindings,
    results: result.files.map(({ sequences, ...file }) => ({
      ...file,
      sequences: sequences.map(({ document, usedBindings: _used, ...one }) => ({
        name: document.metadata.name,
        displayName: document.metadata.displayName,
        ...one,
      })),
    })),
  };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${safeLine(line)}`)];
}

/** Why a file gave nothing, or not all that it should. */
export function refusalLines({ file, outcome, code, message, others }: ImportedFile): string[] {
  if (outcome === 'imported') return [];
  const inside = others.filter((other) => other.code !== undefined && others.length > 1);
  return [
    `${file}: ${code}: ${message}`,
    ...inside.map((other) => `${file}: ${other.path}: ${other.code}: ${other.what}`),
  ];
}

function outsideVariables(result: ImportResult): string[] {
  const unique = outsideNames(allSequences(result));
  return unique.length === 0 ? [] : [unique.join(', ')];
}

/** Variables that somebody else has to give. */
function outsideNames(sequences: readonly ImportedSequence[]): string[] {
  const names = sequences.flatMap(({ variables }) => variables.filter(({ from }) => from === 'outside'));
  return [...new Map(names.map(({ name }) => [name.toLowerCase(), name])).values()].sort();
}

function giveValues(sequences: readonly ImportedSequence[]): string[] {
  const names = outsideNames(sequences);
  if (names.length === 0) return [];
  const shown = names.slice(0, 10).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return [
    `give values to ${shown}${more}, as variables of the deployment, a collection or the device: nothing in the sequences sets them`,
  ];
}

function findingLines(result: ImportResult): string[] {
  const byCode = new Map<string, string[]>();
  for (const { document, findings } of allSequences(result))
    for (const { code, severity, path, message, fix } of findings) {
      if (severity !== 'note') continue;
      const where = `${document.metadata.name}${path === '' ? '' : `: ${path}`}`;
      byCode.set(code, [...(byCode.get(code) ?? []), `${where}: ${message}${fix === undefined ? '' : `; ${fix}`}`]);
    }
  return [...byCode].flatMap(([code, lines]) => [
    `${code} (${lines.length})`,
    ...lines.slice(0, shownFindings).map((line) => `  ${line}`),
    ...(lines.length > shownFindings ? [`  … and ${lines.length - shownFindings} more: -o json shows all`] : []),
  ]);
}

/** What is left to do, most needed first. */
export function todo(result: ImportResult): string[] {
  const sequences = allSequences(result);
  const open = new Map(
    sequences.flatMap(({ references }) =>
      references.filter(({ bound }) => !bound).map((one) => [`${one.kind} ${one.id}`, one]),
    ),
  );
  const secrets = sequences.flatMap(({ document, secrets: removed }) =>
    removed.map(({ path, what, variable }) => {
      const cure = variable === undefined ? 'enter it again' : `give it as the secret variable ${variable}`;
      return `secret of ${document.metadata.name}${path === '' ? '' : `: ${path}`}: ${what}; ${cure}`;
    }),
  );
  const unmapped = sequences.reduce((sum, { counts }) => sum + counts.unmapped, 0);
  return [
    ...[...open.values()].map(({ kind, id, name, displayName }) => {
      const shown = displayName === undefined ? '' : ` ("${displayName}")`;
      const key = id.length > 20 ? name : id;
      return `bind ${kind} ${id}${shown}: --bind ${key}=NAME; until then it is called ${name}`;
    }),
    ...secrets,
    ...giveValues(sequences),
    ...(unmapped > 0
      ? [`replace or disable ${unmapped} steps that were kept as they were: they fail when they are run`]
      : []),
    ...result.unusedBindings.map((id) => `--bind ${id}=… was of no use: nothing has this id`),
  ];
}

function allSequences(result: ImportResult): ImportedSequence[] {
  return result.files.flatMap(({ sequences }) => sequences);
}
