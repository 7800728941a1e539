import { collection, type CollectionSpec } from '@muster/contracts/kinds/collection.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const help = `
The copy has the rules of the original and is limited by it, so that its members are always members of the original too: they have its maintenance
windows and variables already, and the copy gets none of its own. Deployments are not copied.

Examples:
  muster collection copy web-servers web-pilot
  muster collection copy all-devices lab`;

/** `muster collection copy FROM TO`. */
export function addCollectionCopy(commands: Command, terminal: Terminal): void {
  commands
    .command('copy')
    .description('make a collection with the rules of another, limited by that')
    .argument('<collection>', 'name of the original')
    .argument('<name>', 'name of the copy')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (from: string, name: string, options: { dryRun?: 'server' }, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        const { spec } = await client.get(collection, from);
        const input: ResourceInput<CollectionSpec> = {
          apiVersion: API_VERSION,
          kind: collection.kind,
          metadata: { name },
          spec: copyOf(from, spec),
        };
        await client.create(collection, input, randomUUID(), { dryRun, document: false });
        terminal.out(`${objectName(collection, name)} created, limited by ${from}${dryRun ? ' (server dry run)' : ''}`);
      });
    });
}

/** What a copy says: who may be in, and nothing that its members have from the original. Pure. */
export function copyOf(from: string, { description, rules }: CollectionSpec): CollectionSpec {
  return { ...(description === undefined ? {} : { description }), limitingCollection: from, rules };
}
