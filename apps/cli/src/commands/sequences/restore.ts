import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { REVISED } from '../../api/revised.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, revisedName, wholeNumber } from '../arguments.js';

const help = `
The old steps, variables and properties, or those of an application, become a new revision; labels and folder stay as they are. Nothing is lost: restore
the revision before, and it is undone. Refused when the old revision refers to what is gone.

Examples:
  muster restore harden-debian --revision 3
  muster restore app/editor --revision 2
  muster restore harden-debian --revision 3 --comment 'broke the laptops' --dry-run=server`;

/** `muster restore NAME --revision N`. */
export function registerRestore(program: Command, terminal: Terminal): void {
  program
    .command('restore')
    .description('bring back an old revision of a task sequence or an application')
    .argument('<object>', 'name of a task sequence, or app/NAME')
    .requiredOption('--revision <number>', 'which one (muster revisions NAME)', wholeNumber(1, 2_000_000_000))
    .option('--comment <text>', 'why; kept with the new revision')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(
      async (word: string, options: { revision: number; comment?: string; dryRun?: string }, command: Command) => {
        const { kind, name } = revisedName(word);
        await withClient(command, terminal, async (client) => {
          const dryRun = options.dryRun !== undefined;
          const newest = await REVISED[kind].newest(client, name);
          const wish = { dryRun, comment: options.comment };
          const revision = await REVISED[kind].restore(client, name, options.revision, wish);
          const what =
            revision === newest
              ? `unchanged: revision ${revision} says the same as revision ${options.revision}`
              : `restored: revision ${revision} is revision ${options.revision} again`;
          terminal.out(`${objectName(kind, name)} ${what}${dryRun ? ' (dry run)' : ''}`);
        });
      },
    );
}
