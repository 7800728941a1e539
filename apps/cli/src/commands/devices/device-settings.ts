import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { Command } from 'commander';
import { explainDevice } from '../../api/device-explanations.js';
import { withClient } from '../../api/open-client.js';
import { settingText } from '../../output/device-explanation-lines.js';
import { safeLine } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
What a device goes by: of its ClientSettings the smallest priority wins, each setting by itself; the settings "default" lose against
all others. What nobody says is as its agent was started, or as the site is configured. What wins here wins at the computer too, over
the environment of its agent. A time that people have (warnMinutes, restartWarnMinutes) and that does not fit into the shortest
maintenance window of the device is told below.

Examples:
  muster device settings kiosk-7
  muster device settings kiosk-7 -o json`;

/** `muster device settings NAME`. */
export function addDeviceSettings(commands: Command, terminal: Terminal): void {
  commands
    .command('settings')
    .description('say which client settings hold on a device, who says so, and what lost')
    .argument('<device>', 'a device of the site')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (device: string, options: { output: 'table' | 'json' }, command: Command) => {
      const { settings = [], warnings = [] } = await withClient(command, terminal, (client) =>
        explainDevice(client, device, undefined),
      );
      const ofWindows = warnings.filter(({ code }) => code === 'policy.countdown-longer-than-window');
      if (options.output === 'json') {
        terminal.out(JSON.stringify({ device, settings, warnings: ofWindows }, null, 2));
        return;
      }
      for (const line of formatTable(['SETTING', 'VALUE', 'FROM', 'LOST', ''], rows(settings))) terminal.out(line);
      for (const { code, message } of ofWindows) terminal.out(safeLine(`! ${code}: ${message}`));
    });
}

function rows(settings: NonNullable<DeviceExplanation['settings']>): string[][] {
  return settings.map(({ name, winner, losers, told }) => [
    name,
    winner ? String(winner.value) : '',
    winner ? `${winner.from}${winner.priority === undefined ? '' : `, priority ${winner.priority}`}` : '',
    losers.map(settingText).join('; '),
    told || !winner ? '' : 'its agent is too old to go by it',
  ]);
}
