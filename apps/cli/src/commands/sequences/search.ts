import type { SearchResult } from '@muster/contracts/kinds/sequence-search.js';
import type { Command } from 'commander';
import { searchSequences } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, wholeNumber } from '../arguments.js';

const help = `
Finds task sequences by names, descriptions, types of steps, variables, conditions, references, folders and labels. Every word
must begin a word somewhere in the sequence; case does not matter. Texts of settings (command lines, scripts) are not searched:
they may hold secrets.

Examples:
  muster search bitlocker
  muster search InstallPackage hello
  muster search _SMSTSInWinPE -o json`;

/** `muster search TEXT…`. */
export function registerSearch(program: Command, terminal: Terminal): void {
  program
    .command('search')
    .description('find task sequences by what is in them')
    .argument('<words...>', 'words, all of which must be there')
    .option('--limit <number>', 'sequences at most', wholeNumber(1, 1_000_000), 100)
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (words: string[], options: { output: 'table' | 'json'; limit: number }, command: Command) => {
      const found: SearchResult['items'] = [];
      await withClient(command, terminal, async (client) => {
        for await (const one of searchSequences(client, words.join(' '))) {
          found.push(one);
          if (found.length === options.limit) return;
        }
      });
      if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      if (found.length === 0) return terminal.error('nothing found');
      for (const { sequence, where, nodes, matches, danglingReferences = [] } of found) {
        terminal.out(`${objectName('TaskSequence', sequence)}${where.length > 0 ? `  (${where.join(', ')})` : ''}`);
        for (const { kind, name } of danglingReferences)
          terminal.out(`  names ${objectName(kind, safeLine(name))}, which is not there`);
        for (const node of nodes) terminal.out(`  ${safeLine(node.path)}  (${node.where.join(', ')})`);
        if (matches > nodes.length) terminal.out(`  … and ${matches - nodes.length} more nodes`);
      }
    });
}
