import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, sequenceName } from '../arguments.js';

const help = `
The folder is made when it is not there; "/" takes a sequence out of all folders. Steps and revisions stay as they are.

Examples:
  muster move harden-debian harden-ubuntu --to /servers/linux
  muster move harden-debian --to /`;

/** `muster move SEQUENCE… --to FOLDER`. */
export function registerMove(program: Command, terminal: Terminal): void {
  program
    .command('move')
    .description('put task sequences into a folder')
    .argument('<sequences...>', 'names of task sequences')
    .requiredOption('--to <folder>', 'path of the folder, as /servers/linux')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (names: string[], options: { to: string; dryRun?: string }, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        for (const name of names.map(sequenceName)) {
          const found = await client.get(taskSequence, name);
          const { folder, ...current } = found.metadata;
          // With its resourceVersion: what somebody saves meanwhile is not lost.
          const metadata = { ...current, ...(options.to === '/' ? {} : { folder: options.to }) };
          await client.apply(taskSequence, { ...found, metadata }, { dryRun, document: false });
          const from = folder === undefined ? '' : ` from ${folder}`;
          terminal.out(`${objectName(taskSequence, name)} moved${from} to ${options.to}${dryRun ? ' (dry run)' : ''}`);
        }
      });
    });
}
