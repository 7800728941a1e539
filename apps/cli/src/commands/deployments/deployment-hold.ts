import { deployment, type DeploymentSpec, type DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { ApiError } from '../../api/api-error.js';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';
import { runsText, stopRuns } from './stop-runs.js';

const help = `
pause     no device starts it any more, whoever asks; runs that go on end as they will
stop      the same, and runs that go on end behind the step at hand, as failed (run.stopped)
          Of a deployment that is deleted already it ends what goes on.
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
            const found = await existing(client, one, hold);
            if (!found) {
              const { count } = await stopRuns(client, { deployment: one }, dryRun);
              terminal.out(
                `${objectName(deployment, one)} is deleted; ${runsText(count)} told to end${dryRun ? ' (dry run)' : ''}`,
              );
              continue;
            }
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

/** The deployment; undefined: there is none, and what goes on of one that was there can be stopped still. */
async function existing(
  client: ApiClient,
  name: string,
  hold: 'Starts' | 'Runs' | undefined,
): Promise<Resource<DeploymentSpec, DeploymentStatus> | undefined> {
  try {
    return await client.get<DeploymentSpec, DeploymentStatus>(deployment, name);
  } catch (error) {
    if (hold === 'Runs' && error instanceof ApiError && error.code === 'resource.not-found') return undefined;
    throw error;
  }
}
