import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import { DEVICE_STATES, type DeviceState } from '@muster/contracts/kinds/device-list.js';
import type { Resource, ResourceList } from '@muster/contracts/resource.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import { formatResources } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { outputOption, type OutputOptions, wholeNumber } from '../arguments.js';

const help = `
States:
  awaited    the record is there, its computer has not come yet
  pending    it enrolled and waits for its approval: muster device approve NAME
  approved   it gets policy
  blocked    it gets nothing: muster device unblock NAME
  obsolete   its hardware enrolled anew, under another record; muster delete device NAME when it is not needed
  cloned     another computer has its key and was refused: enrol that one again with --force; if this computer has a new board,
             muster device approve NAME
When a device was last seen is at most two minutes old.

Examples:
  muster device list --state pending
  muster device list --silent 30 -o wide
  muster device list --state obsolete -o name | xargs muster delete`;

interface ListOptions extends OutputOptions {
  readonly state?: DeviceState;
  readonly silent?: number;
}

/** `muster device list`. */
export function addDeviceList(commands: Command, terminal: Terminal): void {
  commands
    .command('list')
    .description('show devices by what became of them')
    .addOption(new Option('--state <state>', 'only these').choices(DEVICE_STATES))
    .option('--silent <days>', 'only those that nobody has heard of for so many days', wholeNumber(1, 3650))
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async ({ state, silent, output }: ListOptions, command: Command) => {
      const found: Resource<DeviceSpec, DeviceStatus>[] = [];
      await withClient(command, terminal, async (client) => {
        let next: string | undefined;
        do {
          const page = await client.json<ResourceList<Resource<DeviceSpec, DeviceStatus>>>(
            'GET',
            `/api/v1/${device.plural}/-/by-state`,
            { query: { state, silentDays: silent?.toString(), limit: '500', continue: next } },
          );
          found.push(...page.items);
          next = page.metadata.continue;
        } while (next !== undefined);
      });
      if (found.length === 0 && (output === 'table' || output === 'wide')) return terminal.error('no devices found');
      for (const line of formatResources(device, found, output, false, new Date())) terminal.out(line);
    });
}
