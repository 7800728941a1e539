import { findKind, KINDS } from '@muster/contracts/kinds/all.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { Kind } from '@muster/contracts/resource.js';
import { InvalidArgumentError, Option } from 'commander';
import { REVISED } from '../api/revised.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { OUTPUT_FORMATS, type OutputFormat } from '../output/formats.js';

/** The kind of a word that a user typed. Throws CliError `cli.unknown-kind` naming all there are. */
export function kindOf(word: string): Kind {
  const kind = findKind(word);
  if (kind !== undefined) return kind;
  const known = KINDS.map(({ plural }) => plural).join(', ');
  throw new CliError('cli.unknown-kind', `there is no kind "${word}"; kinds: ${known}`, EXIT_CODES.usage);
}

/** `KIND NAME…` or `kind/name …`, as `-o name` writes them. */
export function parseObjects(first: string, names: readonly string[]): { kind: Kind; names: string[] } {
  const slash = first.indexOf('/');
  if (slash < 0) return { kind: kindOf(first), names: [...names] };
  const kind = kindOf(first.slice(0, slash));
  const all = [first, ...names].map((word) => {
    const at = word.indexOf('/');
    if (at < 0 || kindOf(word.slice(0, at)) !== kind) {
      throw new CliError(
        'cli.mixed-kinds',
        `"${word}" is not a ${kind.kind}: name objects of one kind at a time`,
        EXIT_CODES.usage,
      );
    }
    return word.slice(at + 1);
  });
  return { kind, names: all };
}

/** Every kind with its short names, for help. */
export function kindsHelp(): string {
  return `Kinds (and short names): ${KINDS.map(({ plural, shortNames }) => (shortNames.length > 0 ? `${plural} (${shortNames.join(', ')})` : plural)).join(', ')}`;
}

/** `--dry-run=server`. */
export function dryRunOption(): Option {
  return new Option('--dry-run <where>', 'check and decide everything on the server, and keep nothing').choices([
    'server',
  ]);
}

/** `-o table|wide|json|yaml|name`. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to show objects').choices([...OUTPUT_FORMATS]).default('table');
}

/** `-o table|json` of commands that list what is no object. */
export function listOutputOption(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices(['table', 'json']).default('table');
}

/** The name of a task sequence, also as `taskSequence/name` or `ts/name`. */
export function sequenceName(text: string): string {
  const slash = text.indexOf('/');
  if (slash < 0) return text;
  const kind = kindOf(text.slice(0, slash));
  if (kind === taskSequence) return text.slice(slash + 1);
  throw new CliError('cli.not-a-sequence', `"${text}" is no task sequence`, EXIT_CODES.usage);
}

/** What keeps revisions: the name of a task sequence, `ts/name`, or `app/name`. */
export function revisedName(text: string): { kind: keyof typeof REVISED; name: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { kind: 'TaskSequence', name: text };
  const { kind } = kindOf(text.slice(0, slash));
  const name = text.slice(slash + 1);
  if (kind === 'TaskSequence' || kind === 'Application') return { kind, name };
  const known = Object.keys(REVISED).join(' and ');
  throw new CliError('cli.no-revisions', `a ${kind} keeps no revisions; ${known} do`, EXIT_CODES.usage);
}

/** Options of commands that show objects. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is expected`);
    return number;
  };
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
