import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const mergeHelp = `
A computer that was reinstalled enrols under a new key, and has the hardware of the device that it was. Merging lets that record go on: its name, labels,
variables and collections, with the new key. The record that the computer has now is gone, with what was written on it.

Examples:
  muster device list --state pending
  muster device merge desktop-99
  muster device merge desktop-99 --into reception-1 --reason "new disk"`;

const separateHelp = `
The computer keeps the record that it has now, and is approved. The device that had its hardware before is obsolete.

Example:
  muster device separate desktop-99`;

interface Options {
  readonly into?: string;
  readonly reason?: string;
  readonly dryRun?: 'server';
}

/** `muster device merge|separate NAME`. */
export function addDeviceMerge(commands: Command, terminal: Terminal): void {
  const decide = async (action: 'merge' | 'separate', name: string, options: Options, command: Command) => {
    const { into, reason, dryRun } = options;
    const after = await withClient(command, terminal, (client) =>
      client.json<Resource<DeviceSpec, DeviceStatus>>(
        'POST',
        `/api/v1/${device.plural}/${encodeURIComponent(name)}/${action}`,
        {
          query: { dryRun: dryRun === undefined ? undefined : 'true' },
          body: { ...(into === undefined ? {} : { into }), ...(reason === undefined ? {} : { reason }) },
        },
      ),
    );
    const now = objectName(device, after.metadata.name);
    const done = action === 'merge' ? `is ${now}, whose record goes on` : 'is a device of its own';
    terminal.out(`${objectName(device, name)} ${done}${dryRun ? ' (server dry run)' : ''}`);
  };
  commands
    .command('merge')
    .description('say that a computer that enrolled anew is the device whose hardware it has')
    .argument('<device>', 'name of the record that it has now')
    .option('--into <device>', 'the record that stays (default: the only other one with its hardware)')
    .option('--reason <text>', 'why; kept with the record and in the audit')
    .addOption(dryRunOption())
    .addHelpText('after', mergeHelp)
    .action((name: string, options: Options, command: Command) => decide('merge', name, options, command));
  commands
    .command('separate')
    .description('say that a computer that enrolled anew is another device')
    .argument('<device>', 'name of the record that it has now')
    .option('--reason <text>', 'why; kept with the record and in the audit')
    .addOption(dryRunOption())
    .addHelpText('after', separateHelp)
    .action((name: string, options: Options, command: Command) => decide('separate', name, options, command));
}
