import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { type AnyRevision, REVISED } from '../../api/revised.js';
import { age } from '../../output/age.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, revisedName, wholeNumber } from '../arguments.js';

const help = `
Every save that changes the steps, variables or properties of a sequence is a revision that stays as it is; every save that changes an
application is one too.

Examples:
  muster revisions harden-debian
  muster revisions app/editor
  muster diff harden-debian --revision 3         what changed since then
  muster restore harden-debian --revision 3      bring it back, as a new revision`;

/** `muster revisions NAME`. */
export function registerRevisions(program: Command, terminal: Terminal): void {
  program
    .command('revisions')
    .description('list the revisions of a task sequence or an application, newest first')
    .argument('<object>', 'name of a task sequence, or app/NAME')
    .option('--limit <number>', 'no more than the newest ones', wholeNumber(1, 1_000_000))
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (word: string, options: { output: 'table' | 'json'; limit?: number }, command: Command) => {
      const { kind, name } = revisedName(word);
      const found: AnyRevision[] = [];
      await withClient(command, terminal, async (client) => {
        for await (const revision of REVISED[kind].list(client, name)) {
          found.push(revision);
          if (found.length === options.limit) return;
        }
      });
      if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      const now = new Date();
      const rows = found.map((one) => [
        String(one.revision),
        age(one.createdAt, now),
        one.author,
        one.digest.slice(0, 'sha256:'.length + 12),
        one.comment ?? '',
      ]);
      for (const line of formatTable(['REVISION', 'AGE', 'AUTHOR', 'DIGEST', 'COMMENT'], rows)) terminal.out(line);
    });
}
