import type { HierarchyConflictList } from '@muster/contracts/hierarchy/site-views.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { conflictLines, conflictRows } from '../../output/hierarchy-lines.js';
import { safeLine, safeText } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const path = '/api/v1/hierarchy/conflicts';

const help = `
Two sites wrote one object while they did not hear of each other. The same one counts everywhere; what the other said is kept here until
somebody settles it, at any of the sites.

Examples:
  muster hierarchy conflicts
  muster hierarchy conflicts show NAME          what it said, and what the object is now
  muster hierarchy conflicts restore NAME       write it anew; it counts from then on
  muster hierarchy conflicts dismiss NAME       let it be`;

/** `muster hierarchy conflicts [list|show|restore|dismiss]`. */
export function registerConflicts(group: Command, terminal: Terminal): void {
  const conflicts = group
    .command('conflicts')
    .description('writes that lost against another one, and what becomes of them')
    .addHelpText('after', help);
  conflicts
    .command('list', { isDefault: true })
    .description('show them, the newest first')
    .addOption(listOutputOption())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<HierarchyConflictList>('GET', path));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      if (list.items.length > 0 || list.unanswered.length === 0)
        for (const line of formatTable(...conflictRows(list, new Date()))) terminal.out(line);
      for (const service of list.unanswered) terminal.error(`note: the ${service} service did not say`);
    });
  conflicts
    .command('show')
    .description('say what it said, and what the object is now')
    .argument('<name>', 'as the list names it')
    .addOption(listOutputOption())
    .action(async (name: string, options: { output: string }, command: Command) => {
      const { items } = await withClient(command, terminal, (client) =>
        client.json<HierarchyConflictList>('GET', path, { query: { name } }),
      );
      const [conflict] = items;
      if (!conflict) return;
      if (options.output === 'json') return terminal.out(JSON.stringify(conflict, null, 2));
      for (const line of conflictLines(conflict)) terminal.out(safeText(line));
    });
  for (const [how, description, done] of [
    ['restore', 'write it anew: it counts from now on, everywhere', 'counts again'],
    ['dismiss', 'let it be', 'is dismissed'],
  ] as const) {
    conflicts
      .command(how)
      .description(description)
      .argument('<name>', 'as the list names it')
      .action(async (name: string, _options: object, command: Command) => {
        const { settled } = await withClient(command, terminal, (client) =>
          client.json<{ settled: boolean }>('POST', `${path}/settle`, { body: { name, how } }),
        );
        terminal.out(settled ? `${safeLine(name)} ${done}` : `${safeLine(name)} was settled by somebody else before`);
      });
  }
}
