import type { DeviceSoftware } from '@muster/contracts/kinds/device-software.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
What the package managers of a Linux computer (dpkg, rpm) say that is installed, as its agent last told: when it changed, and once a week.
Computers of other systems tell nothing of it. Collections ask for it in queries: software.exists(s, s.name == "firefox-esr").

Examples:
  muster device software web-7
  muster device software web-7 --name openssl
  muster device software web-7 -o json`;

interface SoftwareOptions {
  readonly name?: string;
  readonly output: 'table' | 'json';
}

/** `muster device software NAME`. */
export function addDeviceSoftware(commands: Command, terminal: Terminal): void {
  commands
    .command('software')
    .description('show which software is installed on a device')
    .argument('<device>', 'a device of the site')
    .option('--name <text>', 'only what has this in its name')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (device: string, { name = '', output }: SoftwareOptions, command: Command) => {
      const path = `/api/v1/devices/${encodeURIComponent(device)}/software`;
      const told = await withClient(command, terminal, (client) => client.json<DeviceSoftware>('GET', path));
      const software = told.software.filter((one) => one.name.includes(name));
      if (output === 'json') return terminal.out(JSON.stringify({ ...told, software }, null, 2));
      for (const line of describe(software)) terminal.out(line);
      if (told.changedAt === undefined) terminal.error(`${device} has told nothing of its software`);
      if (told.leftOut > 0) terminal.error(`${told.leftOut} more are installed and not told: there are too many`);
    });
}

function describe(software: DeviceSoftware['software']): string[] {
  if (software.length === 0) return [];
  const rows = software.map(({ name, version, architecture = '' }) => [name, version, architecture]);
  return formatTable(['NAME', 'VERSION', 'ARCHITECTURE'], rows);
}
