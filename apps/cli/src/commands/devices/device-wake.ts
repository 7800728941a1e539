import type { DeviceWakeUp } from '@muster/contracts/kinds/device-wake-up.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';

const help = `
The site sends a magic packet by UDP to the broadcast address of the device's subnet, or to its last address, as the device told of
them, and asks up to five devices that are awake in that subnet to send it there too. Nobody answers such a packet: whether it wakes the device depends on its card, its firmware and the routers in between.

Example:
  muster device wake pc-17 pc-18`;

/** `muster device wake NAME…`. */
export function addDeviceWake(commands: Command, terminal: Terminal): void {
  commands
    .command('wake')
    .description('send wake-up packets to devices, now')
    .argument('<devices...>', 'names of devices')
    .addHelpText('after', help)
    .action(async (names: string[], _options: object, command: Command) => {
      await withClient(command, terminal, async (client) => {
        for (const name of names) {
          const path = `/api/v1/${device.plural}/${encodeURIComponent(name)}/wake`;
          const { packets, sent, neighbours } = await client.json<DeviceWakeUp>('POST', path, { repeatable: true });
          const to = packets.map(({ mac, address, port }) => `${mac} at ${address}:${port}`).join(', ');
          const too = neighbours === 1 ? '1 device' : `${neighbours} devices`;
          const asked = neighbours > 0 ? `; ${too} of its network asked to send them too` : '';
          terminal.out(
            `${objectName(device, name)} ${sent} of ${packets.length} packets sent: ${safeLine(to)}${asked}`,
          );
        }
      });
    });
}
