import { DEVICE_STATES } from '@muster/contracts/kinds/device-list.js';
import type { DeviceSummary } from '@muster/contracts/kinds/device-summary.js';
import { device } from '@muster/contracts/kinds/device.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import type { Terminal } from '../../terminal.js';

const help = `
Online is whose connection to the site is open, or who was heard of in the last five minutes; inactive is of whom nothing came for days: 7, or what
MUSTER_INACTIVE_DAYS of the site says. Both are counted of those that may have policy: approved, unknown and cloned ones.

Examples:
  muster device summary
  muster device summary --collection pilot
  muster device summary -o json | jq .inUse.inactivePercent`;

/** `muster device summary`. */
export function addDeviceSummary(commands: Command, terminal: Terminal): void {
  commands
    .command('summary')
    .description('count devices by what became of them, and how many are online and active')
    .option('--collection <name>', 'only members of this collection')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['human', 'json']).default('human'))
    .addHelpText('after', help)
    .action(async ({ collection, output }: { collection?: string; output: string }, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const path = `/api/v1/${device.plural}/-/summary`;
        const summary = await client.json<DeviceSummary>('GET', path, { query: { collection } });
        if (output === 'json') terminal.out(JSON.stringify(summary));
        else for (const line of summaryLines(summary)) terminal.out(line);
      });
    });
}

/** What a summary says in two lines. */
export function summaryLines({ total, states, inUse }: DeviceSummary): string[] {
  const named = DEVICE_STATES.filter((state) => states[state] > 0).map((state) => `${states[state]} ${state}`);
  return [
    `${total} devices${named.length === 0 ? '' : `: ${named.join(', ')}`}`,
    `of ${inUse.total} in use ${inUse.online} are online, ${inUse.offline} offline; ` +
      `${inUse.active} active, ${inUse.inactive} inactive (${inUse.inactivePercent} %)`,
  ];
}
