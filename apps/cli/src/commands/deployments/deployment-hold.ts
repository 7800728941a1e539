import { deployment, type DeploymentSpec, type DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const help = `
pause     no device starts it any more, whoever asks; runs that go on end as they will
stop      the same, and runs that go on end behind the step at hand, as failed (run.stopped)
resume    devices decide again by its times; what was stopped runs again only when another trigger comes

Agents that are connected hear of it within seconds, others at their next poll.

Examples:
  muster deployment stop harden-web
  muster deployment resume harden-web`;

const ways = {
  pause: { hold: 'Starts', done: 'paused', description: 'let no device start a deployment' },
  stop: {
    hold: 'Runs',
    done: 'stopped',
    description: 'let no device start a deployment, and end its runs at their next step',
  },
  resume: { hold: undefined, done: 'resumed', description: 'take back pause or stop' },
} as const;

/** `muster deployment pause|stop|resume NAME…`. */
export function addHoldCommands(commands: Command, terminal: Terminal): void {
  for (const [name, { hold, done, description }] of Object.entries(ways)) {
    commands
      .command(name)
      .description(description)
      .argument('<deployments...>', 'names of deployments')
      .addOption(dryRunOption())
      .addHelpText('after', help)
      .action(async (names: string[], options: { dryRun?: string }, command: Command) => {
        const dryRun = options.dryRun !== undefined;
        await withClient(command, terminal, async (client) => {
          for (const one of names) {
            const found = await client.get<DeploymentSpec, DeploymentStatus>(deployment, one);
            const { hold: _before, ...spec } = found.spec;
            // With its resourceVersion: what somebody saves meanwhile is not lost.
            const input = { ...found, spec: hold === undefined ? spec : { ...spec, hold } };
            await client.apply(deployment, input, { dryRun, document: false });
            const running = hold === 'Runs' ? `; ${found.status.devices.running} running` : '';
            terminal.out(`${objectName(deployment, one)} ${done}${running}${dryRun ? ' (dry run)' : ''}`);
          }
        });
      });
  }
}
