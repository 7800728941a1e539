import { clientSettings } from '@muster/contracts/kinds/client-settings.js';
import { collection } from '@muster/contracts/kinds/collection.js';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { collectionUses, listMembers } from '../../api/collections.js';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { type DeletionPlan, planDeletion } from './plan-collection-deletion.js';

const help = `
A collection that something needs is not deleted: its deployments and the collections that depend on it are listed. --cascade deletes the
deployments to it and the collections that it limits, with theirs, and takes it out of the rules of those that include it and out of client
settings (settings for no other collection are deleted). Where it is excluded it is left, whatever is said: without it devices would enter
those collections.
--members deletes the records of its devices too. What they run goes on; an agent whose record is gone has to enrol again.

Examples:
  muster collection delete old-lab --cascade --dry-run
  muster collection delete old-lab --cascade
  muster collection delete old-lab --members --confirm-devices 12`;

interface DeleteOptions {
  readonly cascade?: boolean;
  readonly members?: boolean;
  readonly confirmDevices?: string;
  readonly dryRun?: boolean;
}

/** `muster collection delete NAME`. */
export function addCollectionDelete(commands: Command, terminal: Terminal): void {
  commands
    .command('delete')
    .description('delete a collection, with what needs it and with its devices where that is said')
    .argument('<collection>', 'name of the collection')
    .option('--cascade', 'with deployments to it and collections that it limits, out of rules that include it')
    .option('--members', 'with the records of its devices')
    .option('--confirm-devices <number>', 'how many devices it has: what --members must know')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', help)
    .action(async (name: string, options: DeleteOptions, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const plan = await planDeletion(name, (one) => collectionUses(client, one));
        refuseBlocked(name, plan, options.cascade === true);
        const devices = options.members ? await membersOf(client, name, options) : [];
        if (options.dryRun) for (const line of planLines(plan, devices)) terminal.out(`would ${line}`);
        else await carryOut(client, plan, devices, terminal);
      });
    });
}

function refuseBlocked(
  name: string,
  { deployments, collections, withoutIt, settings, excludedBy }: DeletionPlan,
  cascade: boolean,
): void {
  if (excludedBy.length > 0) {
    const them = excludedBy.map(({ by, excluded }) => `${by} excludes ${excluded}`).join(', ');
    const message = `${them}: without it devices would enter. Take it out of the rules of that collection first`;
    throw new CliError('cli.collection-excluded', message, EXIT_CODES.conflict);
  }
  if (cascade) return;
  const needs = [
    ...deployments.map((one) => objectName(deployment, one)),
    ...collections.filter((one) => one !== name).map((one) => `${objectName(collection, one)} (limited by it)`),
    ...withoutIt.map(({ collection: one }) => `${objectName(collection, one)} (includes it)`),
    ...settings.map(({ name: one }) => `${objectName(clientSettings, one)} (for its members)`),
  ];
  if (needs.length === 0) return;
  const message = `${name} is needed by ${needs.join(', ')}: --cascade deletes these and changes those that include or name it`;
  throw new CliError('cli.collection-in-use', message, EXIT_CODES.conflict);
}

/** All devices of the collection, when somebody who knows how many they are wants them deleted. */
async function membersOf(
  client: ApiClient,
  name: string,
  { confirmDevices, dryRun }: DeleteOptions,
): Promise<string[]> {
  const devices = [];
  for await (const member of listMembers(client, name)) devices.push(member.name);
  if (dryRun || confirmDevices === String(devices.length)) return devices;
  const message = `${name} has ${devices.length} devices: --members deletes them with --confirm-devices ${devices.length}`;
  throw new CliError('cli.confirm-devices', message, EXIT_CODES.usage);
}

/** Whatever ends it between two steps, the same command goes on with what is left: the collection itself goes last. */
async function carryOut(
  client: ApiClient,
  { deployments, withoutIt, settings, collections }: DeletionPlan,
  devices: readonly string[],
  terminal: Terminal,
): Promise<void> {
  for (const name of deployments) {
    await client.remove(deployment, name);
    terminal.out(`${objectName(deployment, name)} deleted`);
  }
  for (const { collection: name, included } of withoutIt) {
    const found = await client.get(collection, name);
    const rules = found.spec.rules.filter((rule) => !('include' in rule && included.includes(rule.include)));
    await client.apply(collection, { ...found, spec: { ...found.spec, rules } }, { document: false });
    terminal.out(`${objectName(collection, name)} changed: it does not include ${included.join(', ')} any more`);
  }
  for (const { name, collections: gone } of settings) terminal.out(await takeOutOfSettings(client, name, gone));
  for (const name of devices) {
    await client.remove(device, name);
    terminal.out(`${objectName(device, name)} deleted`);
  }
  for (const name of collections) {
    await client.remove(collection, name);
    terminal.out(`${objectName(collection, name)} deleted`);
  }
}

/** Settings that are for no other collection go: without one they would be for nobody. Says what was done. */
async function takeOutOfSettings(client: ApiClient, name: string, gone: readonly string[]): Promise<string> {
  const found = await client.get(clientSettings, name);
  const collections = (found.spec.collections ?? []).filter((one) => !gone.includes(one));
  const called = objectName(clientSettings, name);
  if (collections.length === 0) {
    await client.remove(clientSettings, name);
    return `${called} deleted: it was for no other collection`;
  }
  await client.apply(clientSettings, { ...found, spec: { ...found.spec, collections } }, { document: false });
  return `${called} changed: it is not for ${gone.join(', ')} any more`;
}

function planLines(
  { deployments, withoutIt, settings, collections }: DeletionPlan,
  devices: readonly string[],
): string[] {
  return [
    ...deployments.map((name) => `delete ${objectName(deployment, name)}`),
    ...withoutIt.map(
      ({ collection: name, included }) =>
        `take ${included.join(', ')} out of the rules of ${objectName(collection, name)}`,
    ),
    ...settings.map(
      ({ name, collections: gone }) => `take ${gone.join(', ')} out of ${objectName(clientSettings, name)}`,
    ),
    ...devices.map((name) => `delete ${objectName(device, name)}`),
    ...collections.map((name) => `delete ${objectName(collection, name)}`),
  ];
}
