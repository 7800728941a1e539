import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import { DEVICE_STATES, type DeviceState } from '@muster/contracts/kinds/device-list.js';
import type { Resource, ResourceList } from '@muster/contracts/resource.js';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { formatResources } from '../../output/formats.js';
import { withSites } from '../../output/with-sites.js';
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
Presence:
  online     its connection to the site is open, or it was heard of in the last five minutes; and for how long
  offline    neither; and since when nobody has heard of it
  inactive   nobody has heard of it for days: 7, or what MUSTER_INACTIVE_DAYS of the site says
It is at most two minutes old, and known at its own site only.

At a site with others below it, their devices are listed too, as they last told of them, with the SITE that each belongs to.
--silent, --online, --offline, --active and --inactive ask for devices of this site only.

Examples:
  muster device list --state pending
  muster device list --silent 30 -o wide
  muster device list --state approved --offline
  muster device list --inactive -o name
  muster --site CEN device list --of PR1
  muster device list --state obsolete -o name | xargs muster delete`;

interface ListOptions extends OutputOptions {
  readonly state?: DeviceState;
  readonly silent?: number;
  readonly online?: true;
  readonly offline?: true;
  readonly active?: true;
  readonly inactive?: true;
  readonly of?: string;
}

type Device = Resource<DeviceSpec, DeviceStatus>;

/** `muster device list`. */
export function addDeviceList(commands: Command, terminal: Terminal): void {
  commands
    .command('list')
    .description('show devices by what became of them')
    .addOption(new Option('--state <state>', 'only these').choices(DEVICE_STATES))
    .option('--silent <days>', 'only those that nobody has heard of for so many days', wholeNumber(1, 3650))
    .addOption(new Option('--online', 'only those that are there now').conflicts('offline'))
    .option('--offline', 'only those that are not')
    .addOption(new Option('--active', 'only those of which something came in the last days').conflicts('inactive'))
    .option('--inactive', 'only those of which nothing did')
    .addOption(
      new Option('--of <site>', 'only those of this site below').conflicts([
        'silent',
        'online',
        'offline',
        'active',
        'inactive',
      ]),
    )
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async ({ state, silent, of: site, output, ...options }: ListOptions, command: Command) => {
      const known = {
        silentDays: silent?.toString(),
        online: eitherOf(options.online, options.offline),
        active: eitherOf(options.active, options.inactive),
      };
      const found: Device[] = [];
      const below: Device[] = [];
      await withClient(command, terminal, async (client) => {
        if (site === undefined) found.push(...(await pages(client, 'by-state', { state, ...known })));
        if (Object.values(known).every((one) => one === undefined))
          below.push(...(await pages(client, 'below', { state, site })));
      });
      const all = [...found, ...below];
      if (all.length === 0 && (output === 'table' || output === 'wide')) return terminal.error('no devices found');
      const lines =
        output === 'table' && below.length > 0
          ? withSites(device, all, new Date())
          : formatResources(device, all, output, false, new Date());
      for (const line of lines) terminal.out(line);
    });
}

function eitherOf(yes: true | undefined, no: true | undefined): 'true' | 'false' | undefined {
  return yes ? 'true' : no ? 'false' : undefined;
}

async function pages(
  client: ApiClient,
  which: 'by-state' | 'below',
  query: Readonly<Record<string, string | undefined>>,
): Promise<Device[]> {
  const found: Device[] = [];
  let next: string | undefined;
  do {
    const page = await client.json<ResourceList<Device>>('GET', `/api/v1/${device.plural}/-/${which}`, {
      query: { ...query, limit: '500', continue: next },
    });
    found.push(...page.items);
    next = page.metadata.continue;
  } while (next !== undefined);
  return found;
}
