import { packageKind } from '@muster/contracts/kinds/package.js';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/api-client.js';
import { withClient } from '../api/open-client.js';
import { awaitDistribution, distributePackage, findDistribution } from '../content/distribute-package.js';
import { contentOfSequence, groupsOfCollections, pointsOf } from '../content/find-destinations.js';
import { distributionLine } from '../content/progress-text.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';
import { progressLine } from '../output/progress-line.js';
import type { Terminal } from '../terminal.js';
import { collect, dryRunOption } from './arguments.js';

const help = `
What a point has already is not sent again, and said so. A group is its points of now and those that join later; a
collection means the groups that are tied to it at this moment. --sequence sends all packages that the sequence and its
children refer to.

Examples:
  muster content distribute hello --to local
  muster content distribute hello --to-group branches --priority high
  muster content distribute --sequence install-debian --to local --to-group branches --no-wait
  muster content distribute hello --to-collection berlin-computers --dry-run=server`;

interface DistributeOptions {
  readonly to?: string[];
  readonly toGroup?: string[];
  readonly toCollection?: string[];
  readonly sequence?: string;
  readonly priority?: 'high' | 'medium' | 'low';
  readonly dryRun?: 'server';
  readonly wait: boolean;
}

/** `muster content distribute`. */
export function registerDistribute(content: Command, terminal: Terminal): void {
  content
    .command('distribute')
    .description('bring the newest versions of packages to distribution points')
    .argument('[packages...]', 'names of packages')
    .option('--sequence <name>', 'everything that this task sequence refers to', undefined)
    .option('--to <point>', 'distribution point; may be given several times', collect)
    .option('--to-group <group>', 'group of distribution points; may be given several times', collect)
    .option('--to-collection <collection>', 'the groups tied to a collection; may be given several times', collect)
    .addOption(new Option('--priority <priority>', 'what travels first').choices(['high', 'medium', 'low']))
    .addOption(dryRunOption())
    .option('--no-wait', 'do not wait until the points hold it')
    .addHelpText('after', help)
    .action(async (packages: string[], options: DistributeOptions, command: Command) => {
      if (packages.length === 0 && options.sequence === undefined)
        throw usage('name a package, or a sequence with --sequence');
      if (!options.to && !options.toGroup && !options.toCollection)
        throw usage('say where to: --to POINT, --to-group GROUP or --to-collection COLLECTION');
      await withClient(command, terminal, (client) => distribute(client, packages, options, terminal), {
        patienceSeconds: 30,
      });
    });
}

async function distribute(
  client: ApiClient,
  packages: readonly string[],
  options: DistributeOptions,
  terminal: Terminal,
): Promise<void> {
  const names = [...new Set([...packages, ...(await packagesOf(client, options.sequence, terminal))])];
  const points = options.to ?? [];
  const groups = [
    ...new Set([...(options.toGroup ?? []), ...(await groupsOfCollections(client, options.toCollection ?? []))]),
  ];
  const all = await pointsOf(client, points, groups);
  const begun: string[] = [];
  for (const name of names) {
    await sayWhatIsThere(client, name, all, terminal);
    const destinations = { points, groups, ...(options.priority ? { priority: options.priority } : {}) };
    const outcome = await distributePackage(client, name, destinations, { dryRun: options.dryRun !== undefined });
    terminal.out(`${objectName('Distribution', name)} ${outcome}${options.dryRun ? ' (dry run)' : ''}`);
    begun.push(name);
  }
  if (!options.wait || options.dryRun) return;
  const show = progressLine(terminal);
  for (const name of begun) {
    const version = await awaitDistribution(client, name, all, {
      onProgress: (progress) => show(distributionLine(name, progress)),
    });
    if (version === undefined) throw noVersion(name);
    terminal.out(`version ${version} of ${objectName('Package', name)} is available on ${all.join(', ')}`);
  }
}

async function packagesOf(client: ApiClient, sequence: string | undefined, terminal: Terminal): Promise<string[]> {
  if (sequence === undefined) return [];
  const references = await contentOfSequence(client, sequence);
  const others = references.filter(({ kind }) => kind !== packageKind.kind);
  for (const { kind, name } of others)
    terminal.error(`skipped ${objectName(kind, name)}: only packages are distributed`);
  const names = references.filter(({ kind }) => kind === packageKind.kind).map(({ name }) => name);
  if (names.length === 0) terminal.error(`task sequence "${sequence}" refers to no package`);
  return names;
}

async function sayWhatIsThere(
  client: ApiClient,
  name: string,
  points: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const { newestVersion } = (await client.get(packageKind, name)).status;
  const progress = (await findDistribution(client, name))?.status.points ?? [];
  const there = progress.filter(
    ({ point, version, state }) => points.includes(point) && version === newestVersion && state === 'available',
  );
  if (there.length === 0) return;
  const where = there.map(({ point }) => point).join(', ');
  terminal.out(`version ${newestVersion} of ${objectName('Package', name)} is already on ${where}: not sent again`);
}

function noVersion(name: string): CliError {
  return new CliError(
    'content.no-version',
    `package "${name}" has no content yet: upload it with "muster content upload ${name} FOLDER"`,
    EXIT_CODES.failed,
  );
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}
