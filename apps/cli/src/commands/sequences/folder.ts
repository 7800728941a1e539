import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { createFolder, deleteFolder, listFolders, moveFolder } from '../../api/folders.js';
import { withClient } from '../../api/open-client.js';
import { refuseWhenUsed } from '../../authoring/refuse-when-used.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { age } from '../../output/age.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, listOutputOption } from '../arguments.js';

const help = `
Folders hold task sequences. Saving a sequence into a folder (metadata.folder, muster move) makes the folder; an empty one stays
until it is deleted.

Examples:
  muster folder list
  muster folder list /servers -o json
  muster folder create /servers/linux
  muster folder move /servers/linux /linux          moves or renames, with everything in it
  muster folder delete /servers
  muster folder delete /servers --recursive --dry-run=server
  muster get ts --folder /servers`;

const deleteHelp = `
With --recursive all sequences and folders in it are deleted, and listed. Refused while anything else names one of the sequences,
unless --force. --dry-run=server lists and deletes nothing.

Examples:
  muster folder delete /lab
  muster folder delete /lab --recursive --dry-run=server`;

interface DeleteOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly dryRun?: string;
}

/** `muster folder list|create|move|delete`. */
export function registerFolder(program: Command, terminal: Terminal): void {
  const folder = program.command('folder').description('folders of task sequences').addHelpText('after', help);

  folder
    .command('list')
    .description('list folders')
    .argument('[path]', 'only folders in this one', '/')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (path: string, options: { output: 'table' | 'json' }, command: Command) => {
      const found = await withClient(command, terminal, async (client) => {
        const all = [];
        for await (const one of listFolders(client, path)) all.push(one);
        return all;
      });
      if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      if (found.length === 0) return terminal.error('no folders found');
      const now = new Date();
      const rows = found.map((one) => [one.path, String(one.sequences), one.createdBy, age(one.createdAt, now)]);
      for (const line of formatTable(['PATH', 'SEQUENCES', 'CREATED BY', 'AGE'], rows)) terminal.out(line);
    });

  folder
    .command('create')
    .description('make a folder, and those around it')
    .argument('<path>', 'as /servers/linux')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (path: string, options: { dryRun?: string }, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, (client) => createFolder(client, path, { dryRun }));
      terminal.out(`folder ${path} created${note(dryRun)}`);
    });

  folder
    .command('move')
    .alias('rename')
    .description('move or rename a folder with everything in it')
    .argument('<from>', 'path of the folder')
    .argument('<to>', 'its new path')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (from: string, to: string, options: { dryRun?: string }, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      const moved = await withClient(command, terminal, (client) => moveFolder(client, { from, to }, { dryRun }));
      const inside = `with ${moved.sequences} sequences and ${moved.folders - 1} folders in it`;
      terminal.out(`folder ${from} moved to ${to}, ${inside}${note(dryRun)}`);
    });

  folder
    .command('delete')
    .description('delete a folder')
    .argument('<path>', 'path of the folder')
    .option('--recursive', 'with everything in it')
    .option('--force', 'also sequences that something still names')
    .addOption(dryRunOption())
    .addHelpText('after', deleteHelp)
    .action(async (path: string, options: DeleteOptions, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        if (options.recursive) return deleteAll(client, path, options, terminal);
        await deleteFolder(client, path, { dryRun });
        terminal.out(`folder ${path} deleted${note(dryRun)}`);
      });
    });
}

/** Sequences first, then folders from the innermost out: whenever it is interrupted, doing it again finishes it. */
async function deleteAll(client: ApiClient, path: string, options: DeleteOptions, terminal: Terminal): Promise<void> {
  const dryRun = options.dryRun !== undefined;
  if (path === '/') {
    const message = 'the root cannot be deleted: name a folder in it';
    throw new CliError('cli.what-to-delete', message, EXIT_CODES.usage);
  }
  const paths = [path];
  for await (const inside of listFolders(client, path)) paths.push(inside.path);
  const names: string[] = [];
  for (const one of paths)
    for await (const { metadata } of client.list(taskSequence, undefined, one)) names.push(metadata.name);
  if (!options.force) {
    const doomed = new Set(names.map((name) => objectName(taskSequence, name)));
    const sequences = names.map((name) => ({ kind: taskSequence, name }));
    await refuseWhenUsed(client, sequences, doomed, 'let it name another sequence, or delete with --force');
  }
  for (const name of names) {
    // Who still uses it was asked above, of all of them together.
    await client.remove(taskSequence, name, { dryRun, force: true });
    terminal.out(`${objectName(taskSequence, name)} deleted${note(dryRun)}`);
  }
  for (const one of paths.toReversed()) {
    // What is still in it would refuse a dry run.
    if (!dryRun || names.length + paths.length === 1) await deleteFolder(client, one, { dryRun });
    terminal.out(`folder ${one} deleted${note(dryRun)}`);
  }
}

function note(dryRun: boolean): string {
  return dryRun ? ' (dry run)' : '';
}
