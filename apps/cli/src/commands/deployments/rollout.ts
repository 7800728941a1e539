import { deployment } from '@muster/contracts/kinds/deployment.js';
import type { DeploymentRollout, RolloutAction } from '@muster/contracts/kinds/deployment-rollout.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import { rolloutLine, rolloutLines } from '../../output/rollout-lines.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const statusHelp = `
A deployment with a rollout (spec.rollout, muster deploy --rollout) is started group by group: a group opens when the one before is
good, and the rollout pauses itself when more devices than it may fail or fall silent. OPEN are devices that have started, or may, and
of which it is not known how it ended. Exit code 0, however it goes. docs/rollouts.md says more.

Examples:
  muster rollout status harden-web
  muster rollout status harden-web -o json`;

const ways = {
  approve: {
    done: 'approved',
    description: 'let the next group open when its time has come',
    help: `
Without --force the group must be one with approval: true, and still opens only when the one before is good and its time has come.
With --force it opens at once, also when devices of the group before are missing.

Examples:
  muster rollout approve harden-web
  muster rollout approve harden-web --force --reason "two laptops of the pilot are on holiday"`,
  },
  pause: {
    done: 'paused',
    description: 'let no further device start; runs that go on end as they will',
    help: `
Examples:
  muster rollout pause harden-web --reason "looking at a failure"`,
  },
  resume: {
    done: 'resumed',
    description: 'go on after a pause; errors until now count no more',
    help: `
Look at the errors first: muster deployment status NAME.

Examples:
  muster rollout resume harden-web`,
  },
  restart: {
    done: 'begun anew',
    description: 'begin anew with the first group',
    help: `
A new revision of the sequence, or of anything that it needs, begins anew by itself. Devices run again only when a trigger comes.

Examples:
  muster rollout restart harden-web`,
  },
} as const;

interface ActOptions {
  readonly reason?: string;
  readonly force?: boolean;
}

/** `muster rollout status|approve|pause|resume|restart NAME`. */
export function registerRollout(program: Command, terminal: Terminal): void {
  const commands = program
    .command('rollout')
    .description('how rollouts of deployments go, group by group; approve, pause, resume and restart them');
  commands
    .command('status')
    .description('say how far a rollout is, and what it waits for')
    .argument('<deployment>', 'name of the deployment')
    .addOption(listOutputOption())
    .addHelpText('after', statusHelp)
    .action(async (name: string, options: { output: 'table' | 'json' }, command: Command) => {
      const found = await withClient(command, terminal, (client) => read(client, name));
      if (options.output === 'json') terminal.out(JSON.stringify(found, null, 2));
      else for (const line of rolloutLines(found)) terminal.out(line);
    });
  for (const [action, { done, description, help }] of Object.entries(ways)) {
    const one = commands
      .command(action)
      .description(description)
      .argument('<deployment>', 'name of the deployment')
      .option('--reason <text>', 'why, for people who look at it later')
      .addHelpText('after', help);
    if (action === 'approve') one.option('--force', 'open it at once, whatever became of the group before');
    one.action(async (name: string, options: ActOptions, command: Command) => {
      const after = await withClient(command, terminal, (client) =>
        act(client, name, { action: action as keyof typeof ways, ...options }),
      );
      terminal.out(`${objectName(deployment, name)} ${done}`);
      terminal.out(rolloutLine(after));
    });
  }
}

async function act(client: ApiClient, name: string, request: RolloutAction): Promise<DeploymentRollout> {
  // The group that is next as we see it: an approval that is sent twice must not open two.
  const next = request.action === 'approve' ? nextGroup(await read(client, name)) : undefined;
  const body = { ...request, ...(next === undefined ? {} : { group: next }) };
  return client.json('POST', address(name), { body });
}

function nextGroup({ groups }: DeploymentRollout): string | undefined {
  return groups[groups.findLastIndex(({ state }) => state !== 'closed') + 1]?.name;
}

function read(client: ApiClient, name: string): Promise<DeploymentRollout> {
  return client.json<DeploymentRollout>('GET', address(name));
}

function address(name: string): string {
  return `/api/v1/${deployment.plural}/${encodeURIComponent(name)}/rollout`;
}
