import { device } from '@muster/contracts/kinds/device.js';
import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, wholeNumber } from '../arguments.js';

type Item = DeviceHistory['items'][number];

const help = `
Newest first: its enrolments, approvals and blocks (as long as events are kept), and every run from its start to its end. The steps
of a run: muster describe run NAME.

Examples:
  muster device history web-1
  muster device history web-1 --limit 10 -o json`;

/** `muster device history NAME`. */
export function addHistoryCommand(group: Command, terminal: Terminal): void {
  group
    .command('history')
    .description('say what happened to a device and what it did')
    .argument('<device>', 'name of the device')
    .option('--limit <number>', 'so many entries at most', wholeNumber(1, 1_000_000), 100)
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (name: string, { limit, output }: { limit: number; output: 'table' | 'json' }, command: Command) => {
      const path = `/api/v1/${device.plural}/${encodeURIComponent(name)}/history`;
      const found: Item[] = [];
      await withClient(command, terminal, async (client) => {
        for await (const item of pages<Item>(client, path, { limit: String(Math.min(limit, 500)) })) {
          found.push(item);
          if (found.length === limit) break;
        }
      });
      if (output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      const rows = found.map((one) => [
        one.at,
        one.what,
        one.run ?? '',
        one.deployment ?? '',
        one.message ?? (one.exitCode === undefined ? '' : `exit code ${one.exitCode}`),
      ]);
      for (const line of formatTable(['TIME', 'WHAT', 'RUN', 'DEPLOYMENT', 'MESSAGE'], rows)) terminal.out(line);
    });
}
