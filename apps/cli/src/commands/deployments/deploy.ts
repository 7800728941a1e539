import { randomUUID } from 'node:crypto';
import { deployment, type DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { MOST_WARN_MINUTES, rerunSchema, startRulesShape, type Trigger } from '@muster/schedule/start-rules.js';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { getRevision } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption, wholeNumber } from '../arguments.js';
import { settingsLike } from './like-deployment.js';
import { rolloutGroups } from './rollout-groups.js';

const help = `
Required (the default): every device of the collection runs the sequence as soon as it hears of it, or at the times of --at, inside
its maintenance windows (muster windows --help). Available: it runs where somebody on the device asks for it (muster-agent start).
A time is 2026-12-01T22:00 by the clock of each device, or 2026-12-01T22:00Z at one moment everywhere. --event is what happens on the
computer: Startup, LogOn, LogOff; AsSoonAsPossible is the default. Times that come again and again, and alerts for too few that
succeeded, are written in a document (docs/deployments.md). With --rollout devices start group by group, and
the rollout pauses itself when too many fail (muster rollout --help); times and limits of each group are written in a document.

Examples:
  muster deploy harden-debian --to pilot
  muster deploy harden-debian --to pilot --name pilot-june --dry-run=server
  muster deploy harden-debian --to web-servers --at 2026-12-01T22:00 --rerun IfFailed
  muster deploy harden-debian --to kiosks --event Startup --comment "agreed with the shops, change 4711"
  muster deploy harden-debian --to web-servers --rollout 5,10%,rest --at-most-started 20
  muster deploy harden-debian --to web-servers --like pilot-june --at 2026-12-08T22:00
  muster deploy office-tools --to all-laptops --available --expires 2027-01-31T00:00`;

type DeviceEvent = Extract<Trigger, { event: string }>['event'];
const DEVICE_EVENTS: readonly DeviceEvent[] = ['AsSoonAsPossible', 'Startup', 'LogOn', 'LogOff'];
const COMPUTERS = startRulesShape.availableTo.unwrap().options;

interface DeployOptions {
  readonly to: string;
  readonly like?: string;
  readonly name?: string;
  readonly revision?: number;
  readonly available?: boolean;
  readonly required?: boolean;
  readonly from?: string;
  readonly expires?: string;
  readonly at?: string[];
  readonly event?: DeviceEvent[];
  readonly rerun?: NonNullable<DeploymentSpec['rerun']>;
  readonly agreeDevices?: number;
  readonly agreeServers?: number;
  readonly agreeSiteServer?: string[];
  readonly availableTo?: NonNullable<DeploymentSpec['availableTo']>;
  readonly fetchAhead?: boolean;
  readonly progress: boolean;
  readonly notifications: boolean;
  readonly comment?: string;
  readonly alertFailedAbove?: number;
  readonly onInternet?: boolean;
  readonly onMetered?: boolean;
  readonly notOnWriteFilter?: boolean;
  readonly content?: NonNullable<DeploymentSpec['content']>;
  readonly rollout?: ReturnType<typeof rolloutGroups>;
  readonly atMostStarted?: number;
  readonly usersMayStart?: boolean;
  readonly outsideWindows?: boolean;
  readonly restartOutsideWindows?: boolean;
  readonly warn?: number;
  readonly wakeUp?: boolean;
  readonly neighbourPoints: boolean;
  readonly defaultGroupPoints: boolean;
  readonly dryRun?: string;
}

/** `muster deploy SEQUENCE --to COLLECTION`. */
export function registerDeploy(program: Command, terminal: Terminal): void {
  program
    .command('deploy')
    .description('deploy a task sequence to a collection')
    .argument('<sequence>', 'name of the task sequence')
    .requiredOption('--to <collection>', 'name of the collection')
    .option('--name <name>', 'name of the deployment (default: SEQUENCE-to-COLLECTION)')
    .option(
      '--like <deployment>',
      'with the settings of that deployment, but its times, what may pass its windows, what is fetched ahead and agreements; options here win',
    )
    .option(
      '--revision <number>',
      'stay with this revision (default: always the newest)',
      wholeNumber(1, 2_147_483_647),
    )
    .addOption(new Option('--available', 'offer it instead of requiring it').conflicts('required'))
    .option('--required', 'require it: the default, but with --like one that is offered')
    .option('--from <time>', 'devices do not see it before')
    .option('--expires <time>', 'devices do not start it after')
    .option('--at <time>', 'when it runs; several times are possible', collect)
    .addOption(
      new Option('--event <event>', `and when that happens on a computer: ${DEVICE_EVENTS.join(', ')}`).argParser(
        collectEvents,
      ),
    )
    .addOption(
      new Option('--rerun <when>', 'does it run again when another time comes? (default: Always)').choices(
        rerunSchema.options,
      ),
    )
    .option(
      '--agree-devices <number>',
      'agree that it may take systems or data away on at most so many devices',
      wholeNumber(1, 10_000_000),
    )
    .option('--agree-servers <number>', 'and on at most so many servers', wholeNumber(1, 10_000_000))
    .option('--agree-site-server <device>', 'and on this computer of the site itself; several are possible', collect)
    .addOption(
      new Option(
        '--content <when>',
        'is its content fetched as steps need it, before it starts, or as needed and not kept? (default: AsNeeded)',
      ).choices(['AsNeeded', 'BeforeStart', 'FromPoint']),
    )
    .option('--rollout <groups>', 'start it group by group: numbers of devices, percentages, rest', rolloutGroups)
    .option(
      '--at-most-started <number>',
      'of a rollout: devices that have started and not ended, at all sites together (default: 100)',
      wholeNumber(1, 10_000_000),
    )
    .option('--users-may-start', 'let people at the device start a Required one before its time')
    .option('--outside-windows', 'let it start outside the maintenance windows of the devices')
    .option(
      '--restart-outside-windows',
      'let a restart behind its last step come outside the maintenance windows of the devices',
    )
    .option(
      '--warn <minutes>',
      'tell people who are logged in so long before it starts, and before a restart behind its last step',
      wholeNumber(1, MOST_WARN_MINUTES),
    )
    .option('--on-internet', 'computers on the Internet run it too')
    .option('--on-metered', 'it starts and fetches content over a metered connection once its time has come')
    .option('--not-on-write-filter', 'computers that forget what it changes with their next restart do not run it')
    .addOption(
      new Option('--available-to <computers>', 'which computers are offered it (default: Clients)').choices(COMPUTERS),
    )
    .option('--fetch-ahead', 'fetch the content of an Available one before anybody asks for it')
    .option('--no-progress', 'do not show people at the device at which step it is')
    .option('--no-notifications', 'tell nobody at the device that it is new, nor that it begins')
    .option('--no-neighbour-points', 'its content comes from no points of neighbouring boundary groups')
    .option('--no-default-group-points', 'its content comes from no points of the default boundary group')
    .option('--wake-up', 'wake the devices by packets when a time of it comes')
    .option(
      '--alert-failed-above <percent>',
      'raise an alert when it failed on more of its devices',
      wholeNumber(0, 100),
    )
    .option('--comment <text>', 'what people at the site should know of it')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (sequence: string, options: DeployOptions, command: Command) => {
      const name = options.name ?? deploymentName(sequence, options.to);
      const dryRun = options.dryRun !== undefined;
      if (options.atMostStarted !== undefined && !options.rollout)
        command.error('error: cli.usage: --at-most-started is for a deployment with --rollout', { exitCode: 2 });
      await withClient(command, terminal, async (client) => {
        const template =
          options.like === undefined ? {} : settingsLike((await client.get(deployment, options.like)).spec);
        const spec = specOf(sequence, options, template);
        const { revision } = options;
        const pinned =
          revision === undefined ? {} : { revision: (await getRevision(client, sequence, revision)).digest };
        await client.create(
          deployment,
          { apiVersion: API_VERSION, kind: deployment.kind, metadata: { name }, spec: { ...spec, ...pinned } },
          randomUUID(),
          { dryRun, document: false },
        );
      });
      terminal.out(`${objectName(deployment, name)} created${dryRun ? ' (dry run)' : ''}`);
      if (!dryRun) terminal.error(`watch it: muster watch deployment ${name}`);
    });
}

function specOf(sequence: string, options: DeployOptions, template: Partial<DeploymentSpec>): DeploymentSpec {
  const { to, from, expires, at = [], rerun, agreeDevices, agreeServers, content, rollout, atMostStarted } = options;
  const { usersMayStart, outsideWindows, restartOutsideWindows, warn, wakeUp } = options;
  const { event = [], agreeSiteServer, availableTo, alertFailedAbove, comment } = options;
  const triggers: Trigger[] = [
    ...at.map((start) => ({ schedule: { start } })),
    ...event.map((one) => ({ event: one })),
  ];
  return {
    ...template,
    sequence,
    collection: to,
    purpose: purposeOf(options) ?? template.purpose ?? 'Required',
    ...(from === undefined ? {} : { availableAt: from }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(triggers.length === 0 ? {} : { triggers }),
    ...(rerun === undefined ? {} : { rerun }),
    ...(agreeDevices === undefined ? {} : { agreedDevices: agreeDevices }),
    ...(agreeServers === undefined ? {} : { agreedServers: agreeServers }),
    ...(agreeSiteServer ? { agreedSiteServers: agreeSiteServer } : {}),
    ...(availableTo === undefined ? {} : { availableTo }),
    ...(options.fetchAhead ? { fetchAhead: true } : {}),
    ...(options.progress ? {} : { showProgress: false }),
    ...(options.notifications ? {} : { suppressNotifications: true }),
    ...(alertFailedAbove === undefined ? {} : { alerts: { ...template.alerts, failedAbovePercent: alertFailedAbove } }),
    ...(comment === undefined ? {} : { comment }),
    ...(options.onInternet ? { onInternet: true } : {}),
    ...(options.onMetered ? { onMetered: true } : {}),
    ...(options.notOnWriteFilter ? { onWriteFilter: false } : {}),
    ...(content === undefined ? {} : { content }),
    ...(rollout ? { rollout: { groups: rollout, ...(atMostStarted === undefined ? {} : { atMostStarted }) } } : {}),
    ...(usersMayStart ? { usersMayStart } : {}),
    ...(outsideWindows ? { outsideWindows } : {}),
    ...(restartOutsideWindows ? { restartOutsideWindows } : {}),
    ...(wakeUp ? { wakeUp } : {}),
    ...(options.neighbourPoints ? {} : { neighbourPoints: false }),
    ...(options.defaultGroupPoints ? {} : { defaultGroupPoints: false }),
    ...(warn === undefined ? {} : { warnMinutes: warn }),
  };
}

function purposeOf({ available, required }: DeployOptions): DeploymentSpec['purpose'] | undefined {
  if (available) return 'Available';
  return required ? 'Required' : undefined;
}

/** @throws InvalidArgumentError when it is no event of a computer */
function collectEvents(text: string, before: DeviceEvent[] = []): DeviceEvent[] {
  const event = DEVICE_EVENTS.find((one) => one === text);
  if (!event) throw new InvalidArgumentError(`"${text}" is none of ${DEVICE_EVENTS.join(', ')}`);
  return [...before, event];
}

/** A name for the deployment, at most 63 characters. */
export function deploymentName(sequence: string, collection: string): string {
  return `${sequence}-to-${collection}`.slice(0, 63).replace(/-+$/, '');
}
