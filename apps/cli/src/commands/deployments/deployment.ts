import { deployment } from '@muster/contracts/kinds/deployment.js';
import {
  DEVICE_STATES,
  type DeploymentDeviceList,
  type DeploymentProgress,
} from '@muster/contracts/kinds/deployment-progress.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { deviceLine, DEVICE_HEADINGS, progressLines } from '../../output/deployment-lines.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';
import { addHoldCommands } from './deployment-hold.js';

const statusHelp = `
Counts devices by their newest run, groups failures by what failed, and says for each step how often it ended how and how long it took.
A device is silent when its run has not ended and nothing was heard of it for 24 hours. Exit code 0, whatever the devices did.

Examples:
  muster deployment status harden-web
  muster deployment status harden-web -o json`;

const devicesHelp = `
Every member of the collection, and every device that has a run of it: where it is, or what failed. Devices without a run tell what
they wait for, since when and until when; waiting without a reason means that nothing was heard of it yet.

Examples:
  muster deployment devices harden-web --state failed
  muster deployment devices harden-web --state waiting
  muster deployment devices harden-web -o json`;

interface DevicesOptions {
  readonly state?: string;
  readonly output: 'table' | 'json';
}

/** `muster deployment status|devices|pause|stop|resume`. */
export function registerDeployment(program: Command, terminal: Terminal): void {
  const commands = program
    .command('deployment')
    .description('how deployments go, by device, error and step; pause, stop and resume them');
  commands
    .command('status')
    .description('say how a deployment goes: devices, failures, steps')
    .argument('<deployment>', 'name of the deployment')
    .addOption(listOutputOption())
    .addHelpText('after', statusHelp)
    .action(async (name: string, options: { output: 'table' | 'json' }, command: Command) => {
      const progress = await withClient(command, terminal, (client) =>
        client.json<DeploymentProgress>('GET', address(name, 'progress')),
      );
      if (options.output === 'json') terminal.out(JSON.stringify(progress, null, 2));
      else for (const line of progressLines(progress)) terminal.out(line);
    });
  commands
    .command('devices')
    .description('list devices and what they did with a deployment')
    .argument('<deployment>', 'name of the deployment')
    .addOption(new Option('--state <state>', 'only devices in this state').choices(DEVICE_STATES))
    .addOption(listOutputOption())
    .addHelpText('after', devicesHelp)
    .action(async (name: string, { state, output }: DevicesOptions, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const query = { limit: '500', ...(state === undefined ? {} : { state }) };
        const found: DeploymentDeviceList['items'] = [];
        if (output === 'table') terminal.out(DEVICE_HEADINGS);
        for await (const one of pages<DeploymentDeviceList['items'][number]>(client, address(name, 'devices'), query)) {
          if (output === 'json') found.push(one);
          else terminal.out(deviceLine(one));
        }
        if (output === 'json') terminal.out(JSON.stringify(found, null, 2));
      });
    });
  addHoldCommands(commands, terminal);
}

function address(name: string, what: string): string {
  return `/api/v1/${deployment.plural}/${encodeURIComponent(name)}/${what}`;
}
