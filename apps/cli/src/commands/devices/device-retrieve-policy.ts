import { collection } from '@muster/contracts/kinds/collection.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { Kind } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';

const help = `
Agents hear of changes by themselves within seconds. This calls them all the same: those that are connected ask for their policy now, spread
over time when they are many; others at their next poll. At the computer: muster-agent retrieve-policy.

Examples:
  muster device retrieve-policy pc-17 pc-18
  muster device retrieve-policy --collection pilot`;

/** `muster device retrieve-policy NAME…`. */
export function addRetrievePolicy(commands: Command, terminal: Terminal): void {
  commands
    .command('retrieve-policy')
    .description('call devices to come for their policy now')
    .argument('[devices...]', 'names of devices')
    .option('--collection <name>', 'all devices in this collection')
    .addHelpText('after', help)
    .action(async (names: string[], options: { collection?: string }, command: Command) => {
      if (names.length === 0 && options.collection === undefined)
        throw new CliError('cli.usage', 'say whom: names of devices, or --collection NAME', EXIT_CODES.usage);
      await withClient(command, terminal, async (client) => {
        const call = async (kind: Pick<Kind, 'plural' | 'singular'>, name: string): Promise<void> =>
          client.json('POST', `/api/v1/${kind.plural}/${encodeURIComponent(name)}/retrieve-policy`, {
            repeatable: true,
          });
        for (const name of names) {
          await call(device, name);
          terminal.out(`${objectName(device, name)} is called to come for its policy`);
        }
        if (options.collection === undefined) return;
        await call(collection, options.collection);
        terminal.out(
          `the devices of ${objectName(collection, options.collection)} are called to come for their policy`,
        );
      });
    });
}
