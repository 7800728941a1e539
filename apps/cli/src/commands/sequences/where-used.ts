import { referenceKindSchema, type References, type Uses } from '@muster/contracts/kinds/sequence-search.js';
import type { Command } from 'commander';
import { listReferences, listUses } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, parseObjects } from '../arguments.js';

const help = `
Shows the nodes of task sequences that name the object, those of disabled nodes too; of a task sequence also what it names
itself, and whether that is there.

Examples:
  muster where-used package/hello
  muster where-used ts/common-hardening
  muster where-used package hello -o json`;

/** `muster where-used KIND/NAME`. */
export function registerWhereUsed(program: Command, terminal: Terminal): void {
  program
    .command('where-used')
    .description('show which task sequences use an object, and what a task sequence uses')
    .argument('<object>', 'kind/name')
    .argument('[names...]', 'a name, when the first word is a kind only')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (first: string, rest: string[], options: { output: 'table' | 'json' }, command: Command) => {
      const { kind, name } = usedObject(first, rest);
      const usedBy: Uses['items'] = [];
      const uses: References['items'] = [];
      await withClient(command, terminal, async (client) => {
        // First what fails for a sequence that there is not.
        if (kind === 'TaskSequence') for await (const one of listReferences(client, name)) uses.push(one);
        for await (const one of listUses(client, kind, name)) usedBy.push(one);
      });
      if (options.output === 'json') return terminal.out(JSON.stringify({ usedBy, uses }, null, 2));
      if (usedBy.length === 0) terminal.error(`no task sequence uses ${objectName(kind, name)}`);
      else {
        const rows = usedBy.map((one) => [one.sequence, one.path, notes(one)]);
        for (const line of formatTable(['USED BY', 'NODE', 'NOTES'], rows)) terminal.out(line);
      }
      if (uses.length === 0) return;
      if (usedBy.length > 0) terminal.out('');
      const rows = uses.map((one) => [objectName(one.kind, one.name), one.path, notes(one)]);
      for (const line of formatTable(['USES', 'NODE', 'NOTES'], rows)) terminal.out(line);
    });
}

function usedObject(first: string, rest: readonly string[]) {
  const { kind, names } = parseObjects(first, rest);
  const known = referenceKindSchema.safeParse(kind.kind);
  const [only] = names;
  if (!known.success || only === undefined || names.length > 1) {
    const kinds = referenceKindSchema.options.join(', ');
    throw new CliError(
      'cli.what-is-used',
      `name one object that sequences refer to; kinds: ${kinds}`,
      EXIT_CODES.usage,
    );
  }
  return { kind: known.data, name: only };
}

function notes(one: { program?: string | undefined; disabled: boolean; exists?: boolean | undefined }): string {
  return [
    one.program === undefined ? '' : `program ${one.program}`,
    one.disabled ? 'disabled' : '',
    one.exists === false ? 'MISSING' : '',
  ]
    .filter(Boolean)
    .join(', ');
}
