import { distributionName } from '@muster/contracts/kinds/distribution-name.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, contentKind } from '../../content/content-name.js';
import { awaitDistribution, distributeContent, findDistribution } from '../../content/distribute-content.js';
import { awaitSites, sortBySite } from '../../content/await-sites.js';
import { groupsOfCollections, placesOf } from '../../content/find-destinations.js';
import { distributionLine, sitesLine } from '../../content/progress-text.js';
import { wantedContent } from '../../content/wanted-content.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption } from '../arguments.js';

const help = `
${CONTENT_WORDS} app/NAME means the packages of an application, of its
dependencies and of what it supersedes and takes away.

SITE/NAME is a point of another site, which carries it out itself: later, when its link is cut. What a point has already
is not sent again, and said so. A group is its points of now and those that join later; a
collection means the groups that are tied to it at this moment. --sequence sends everything that the sequence and its
children refer to, what their applications need included.

Examples:
  muster content distribute hello --to local
  muster --site CEN content distribute hello --to PR1/local --to-group europe
  muster content distribute os-image/debian-12 app/editor --to-group branches
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
    .description('bring the newest versions of content to distribution points')
    .argument('[content...]', 'names of packages, or kind/name')
    .option('--sequence <name>', 'everything that this task sequence refers to', undefined)
    .option('--to <point>', 'distribution point; may be given several times', collect)
    .option('--to-group <group>', 'group of distribution points; may be given several times', collect)
    .option('--to-collection <collection>', 'the groups tied to a collection; may be given several times', collect)
    .addOption(new Option('--priority <priority>', 'what travels first').choices(['high', 'medium', 'low']))
    .addOption(dryRunOption())
    .option('--no-wait', 'do not wait until the points hold it')
    .addHelpText('after', help)
    .action(async (words: string[], options: DistributeOptions, command: Command) => {
      if (words.length === 0 && options.sequence === undefined)
        throw usage('name content, or a sequence with --sequence');
      if (!options.to && !options.toGroup && !options.toCollection)
        throw usage('say where to: --to POINT, --to-group GROUP or --to-collection COLLECTION');
      await withClient(command, terminal, (client) => distribute(client, words, options, terminal), {
        patienceSeconds: 30,
      });
    });
}

async function distribute(
  client: ApiClient,
  words: readonly string[],
  options: DistributeOptions,
  terminal: Terminal,
): Promise<void> {
  const wanted = await wantedContent(client, words, options.sequence, terminal);
  const points = options.to ?? [];
  const groups = [
    ...new Set([...(options.toGroup ?? []), ...(await groupsOfCollections(client, options.toCollection ?? []))]),
  ];
  const { own: all, below, unseen } = await sortBySite(client, await placesOf(client, points, groups));
  for (const { content, newestVersion } of wanted) {
    await sayWhatIsThere(client, content, newestVersion, all, terminal);
    const destinations = { points, groups, ...(options.priority ? { priority: options.priority } : {}) };
    const outcome = await distributeContent(client, content, destinations, { dryRun: options.dryRun !== undefined });
    terminal.out(
      `${objectName('Distribution', distributionName(content))} ${outcome}${options.dryRun ? ' (dry run)' : ''}`,
    );
  }
  if (unseen.length > 0) terminal.error(`how far it is at ${unseen.join(', ')} is seen there, and at the sites above`);
  if (all.length + below.size + unseen.length === 0)
    terminal.error('the groups have no points yet: those that join get it');
  if (!options.wait || options.dryRun || all.length + below.size === 0) return;
  const show = progressLine(terminal);
  const empty: ContentReference[] = [];
  for (const { content } of wanted) {
    const version = await awaitDistribution(client, content, all, {
      onProgress: (progress) => show(distributionLine(content.name, progress)),
    });
    if (version === undefined) {
      empty.push(content);
      continue;
    }
    const what = `version ${version} of ${objectName(content.kind, content.name)} is available`;
    if (all.length > 0) terminal.out(`${what} on ${all.join(', ')}`);
    const told = await awaitSites(client, content, below, (sites, waitsFor) =>
      show(sitesLine(content.name, sites, waitsFor)),
    );
    for (const { site, available, points } of told)
      terminal.out(`${what} at site ${site}: ${available} of ${points} points`);
  }
  if (empty.length > 0) throw noVersion(empty);
}

async function sayWhatIsThere(
  client: ApiClient,
  content: ContentReference,
  newestVersion: number | undefined,
  points: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const progress = (await findDistribution(client, content))?.status.points ?? [];
  const there = progress.filter(
    ({ point, version, state }) => points.includes(point) && version === newestVersion && state === 'available',
  );
  if (there.length === 0) return;
  const where = there.map(({ point }) => point).join(', ');
  terminal.out(
    `version ${newestVersion} of ${objectName(content.kind, content.name)} is already on ${where}: not sent again`,
  );
}

function noVersion(contents: readonly ContentReference[]): CliError {
  const { kind, name } = contents[0]!;
  const word = kind === 'Package' ? name : `${contentKind({ kind, name }).singular}/${name}`;
  const names = contents.map((one) => objectName(one.kind, one.name)).join(', ');
  return new CliError(
    'content.no-version',
    `no content yet: ${names}. Upload it with "muster content upload ${word} FOLDER", and it goes there by itself`,
    EXIT_CODES.failed,
  );
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}
