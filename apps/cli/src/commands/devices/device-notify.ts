import { collection } from '@muster/contracts/kinds/collection.js';
import {
  type NotificationName,
  type NotificationResult,
  NOTIFICATIONS,
} from '@muster/contracts/kinds/device-notification.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { Kind } from '@muster/contracts/resource.js';
import { Argument, type Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';

const help = `
What:
  policy      come for policy, and judge all deployments by it
  inventory   look at the computer, and tell its facts although none changed; many are spread over time

Devices that hold a connection to the site hear it within seconds. Others hear nothing of it: they come for policy, and tell what has changed,
when it is time. How many are connected is known to a minute.

Examples:
  muster device notify inventory pc-17 pc-18
  muster device notify inventory --collection pilot`;

/** `muster device notify WHAT NAME…`. */
export function addDeviceNotify(commands: Command, terminal: Terminal): void {
  commands
    .command('notify')
    .description('tell devices that are connected to do something now')
    .addArgument(new Argument('<what>', 'what they are to do').choices(NOTIFICATIONS))
    .argument('[devices...]', 'names of devices')
    .option('--collection <name>', 'all devices in this collection')
    .addHelpText('after', help)
    .action(async (what: NotificationName, names: string[], options: { collection?: string }, command: Command) => {
      if (names.length === 0 && options.collection === undefined)
        throw new CliError('cli.usage', 'say whom: names of devices, or --collection NAME', EXIT_CODES.usage);
      await withClient(command, terminal, async (client) => {
        const tell = async (kind: Kind, name: string): Promise<void> => {
          const path = `/api/v1/${kind.plural}/${encodeURIComponent(name)}/notify`;
          const told = await client.json<NotificationResult>('POST', path, { body: { what }, repeatable: true });
          terminal.out(`${objectName(kind, name)} ${whoHears(told)}`);
        };
        for (const name of names) await tell(device, name);
        if (options.collection !== undefined) await tell(collection, options.collection);
      });
    });
}

/** Who hears a notification, in words. */
function whoHears({ what, devices, connected }: NotificationResult): string {
  if (devices === 1) return connected === 1 ? `hears it now: ${what}` : 'is not connected, and hears nothing of it';
  return `has ${devices} devices; ${connected} of them are connected and hear it now: ${what}`;
}
