import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { describeResource } from '../../output/description.js';
import type { Terminal } from '../../terminal.js';
import { kindsHelp, parseObjects } from '../arguments.js';

const help = `
${kindsHelp()}

Examples:
  muster describe device web-01
  muster describe run/hello-site-web-01-1`;

/** `muster describe KIND NAME…`. */
export function registerDescribe(program: Command, terminal: Terminal): void {
  program
    .command('describe')
    .description('show everything about an object')
    .argument('<kind>', 'kind, or kind/name')
    .argument('[names...]', 'names')
    .addHelpText('after', help)
    .action(async (first: string, rest: string[], _options: object, command: Command) => {
      const { kind, names } = parseObjects(first, rest);
      if (names.length === 0) throw new CliError('cli.name-missing', `which ${kind.singular}?`, EXIT_CODES.usage);
      await withClient(command, terminal, async (client) => {
        for (const [index, name] of names.entries()) {
          if (index > 0) terminal.out('');
          const resource = await client.get(kind, name);
          for (const line of describeResource(kind, resource, new Date())) terminal.out(line);
        }
      });
    });
}
