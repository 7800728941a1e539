import type { DeviceAccessAction } from '@muster/contracts/kinds/device-access.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const help = `
A pending device enrolled with a token that asks for approval; it gets no policy, no content and no secrets before. When it is
approved, it takes over the record that waits for its hardware or its name.
A blocked device is refused at once: its session ends, nothing starts there any more, and what runs ends behind the step at hand.
Content addresses that it was given before are good for some minutes more. It asks again by itself: when it is unblocked, its policy
decides again.

Examples:
  muster device approve laptop-17
  muster device block laptop-17 --reason "stolen on 3 May"
  muster device unblock laptop-17`;

const WAYS: Readonly<Record<DeviceAccessAction, { done: string; description: string }>> = {
  approve: { done: 'approved', description: 'let pending devices have policy, content and secrets' },
  block: { done: 'blocked', description: 'let devices have nothing more, at once' },
  unblock: { done: 'unblocked', description: 'make blocked devices what they were before' },
};

/** `muster device approve|block|unblock NAME…`. */
export function addDeviceAccess(commands: Command, terminal: Terminal): void {
  for (const [action, { done, description }] of Object.entries(WAYS)) {
    commands
      .command(action)
      .description(description)
      .argument('<devices...>', 'names of devices')
      .option('--reason <text>', 'why; kept with the record')
      .addOption(dryRunOption())
      .addHelpText('after', help)
      .action(async (names: string[], options: { reason?: string; dryRun?: 'server' }, command: Command) => {
        const dryRun = options.dryRun === undefined ? undefined : 'true';
        await withClient(command, terminal, async (client) => {
          for (const name of names) {
            const before = await client.get(device, name);
            const path = `/api/v1/${device.plural}/${encodeURIComponent(name)}/${action}`;
            const after = await client.json<Resource<DeviceSpec, DeviceStatus>>('POST', path, {
              query: { dryRun },
              body: { reason: options.reason },
              repeatable: true,
            });
            terminal.out(
              `${objectName(device, name)} ${what(before, after, done)}${dryRun ? ' (server dry run)' : ''}`,
            );
          }
        });
      });
  }
}

const rotateHelp = `
The device hears of it with its next policy, at once when it is connected, and replaces its keys when no run goes on. The old key counts until the new one
is proved; secrets are sealed to the new one from then on. status.keyRotatedAt says when it was done.

Example:
  muster device rotate-key laptop-17`;

/** `muster device rotate-key NAME…`. */
export function addRotateKey(commands: Command, terminal: Terminal): void {
  commands
    .command('rotate-key')
    .description('ask devices to replace their keys')
    .argument('<devices...>', 'names of devices')
    .addHelpText('after', rotateHelp)
    .action(async (names: string[], _options: object, command: Command) => {
      await withClient(command, terminal, async (client) => {
        for (const name of names) {
          await client.json('POST', `/api/v1/${device.plural}/${encodeURIComponent(name)}/rotate-key`);
          terminal.out(`${objectName(device, name)} is asked to replace its key`);
        }
      });
    });
}

function what(
  before: Resource<DeviceSpec, DeviceStatus>,
  after: Resource<DeviceSpec, DeviceStatus>,
  done: string,
): string {
  const state = after.status.access?.state;
  if (before.status.access?.since === after.status.access?.since) return `unchanged, ${state ?? 'approved'}`;
  const renamed =
    before.metadata.name === after.metadata.name ? '' : `; it is ${objectName(device, after.metadata.name)} now`;
  const asBefore =
    done === 'unblocked' && (state === 'pending' || state === 'unknown') ? `, and ${state} as before` : '';
  return `${done}${asBefore}${renamed}`;
}
