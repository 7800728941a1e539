import { device } from '@muster/contracts/kinds/device.js';
import { type DeviceWindows, WINDOWS_COUNT, WINDOWS_MINUTES } from '@muster/contracts/kinds/device-windows.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import { windowLines } from '../../output/window-lines.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, wholeNumber } from '../arguments.js';

const help = `
Maintenance windows are written on collections (spec.maintenanceWindows); a device has those of all its collections. Windows that
overlap or touch are one. A run begins only when all of its maximum run time fits into what is left; once begun, no window stops it.
Times are those of the device's clock. Exit code 0, also when it never fits.

Examples:
  muster windows web-1
  muster windows web-1 --minutes 240 --count 3
  muster windows web-1 -o json`;

interface WindowsOptions {
  readonly minutes: number;
  readonly count: number;
  readonly output: 'table' | 'json';
}

/** `muster windows DEVICE`. */
export function registerWindows(program: Command, terminal: Terminal): void {
  program
    .command('windows')
    .description('say when a run may begin on a device, and which maintenance windows say so')
    .argument('<device>', 'name of the device')
    .addOption(
      new Option('--minutes <number>', 'what the run may take; 0 is no limit')
        .argParser(wholeNumber(0, WINDOWS_MINUTES.most))
        .default(WINDOWS_MINUTES.default),
    )
    .addOption(
      new Option('--count <number>', 'how many starts to tell')
        .argParser(wholeNumber(1, WINDOWS_COUNT.most))
        .default(WINDOWS_COUNT.default),
    )
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (name: string, { minutes, count, output }: WindowsOptions, command: Command) => {
      const query = { minutes: String(minutes), count: String(count) };
      const path = `/api/v1/${device.plural}/${encodeURIComponent(name)}/windows`;
      const told = await withClient(command, terminal, (client) => client.json<DeviceWindows>('GET', path, { query }));
      if (output === 'json') terminal.out(JSON.stringify(told, null, 2));
      else for (const line of windowLines(told)) terminal.out(line);
    });
}
