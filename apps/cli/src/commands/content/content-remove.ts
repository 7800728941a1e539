import { distribution, type DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, parseContent } from '../../content/content-name.js';
import { distributionInput, optional, requireDistribution } from '../../content/distribute-content.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption } from '../arguments.js';

const help = `
${CONTENT_WORDS}

Devices are not sent to the place any more at once. The files that nothing else at the point needs are removed after the grace
period of the content service (MUSTER_REMOVE_AFTER_MINUTES); "muster get dp POINT -o yaml" counts them. A point that has the content
because it is in a group goes on having it.

Examples:
  muster content remove hello --from berlin
  muster content remove hello --from-group branches --dry-run=server
  muster content remove --everything --from berlin --dry-run=server`;

interface RemoveOptions {
  readonly everything?: boolean;
  readonly from?: string[];
  readonly fromGroup?: string[];
  readonly dryRun?: 'server';
}

type FoundDistribution = Resource<DistributionSpec, unknown>;

/** `muster content remove`. */
export function registerContentRemove(content: Command, terminal: Terminal): void {
  content
    .command('remove')
    .description('take content away from distribution points')
    .argument('[content...]', 'names of packages, or kind/name')
    .option('--everything', 'all content that was sent there')
    .option('--from <point>', 'distribution point; may be given several times', collect)
    .option('--from-group <group>', 'group of distribution points; may be given several times', collect)
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (words: string[], options: RemoveOptions, command: Command) => {
      const { everything = false, from = [], fromGroup = [] } = options;
      if (from.length + fromGroup.length === 0)
        throw new CliError('cli.usage', 'say where from: --from POINT or --from-group GROUP', EXIT_CODES.usage);
      if (everything === words.length > 0)
        throw new CliError('cli.usage', 'name content, or say --everything', EXIT_CODES.usage);
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        const found = everything ? await sentTo(client, from, fromGroup) : await named(client, words, from, fromGroup);
        for (const one of found) {
          const outcome = await removeFrom(client, one, from, fromGroup, dryRun);
          terminal.out(`${objectName('Distribution', one.metadata.name)} ${outcome}${dryRun ? ' (dry run)' : ''}`);
        }
        if (found.length === 0) terminal.error('nothing was sent there');
      });
    });
}

/** @throws CliError `content.not-there` before anything was removed */
async function named(
  client: ApiClient,
  words: readonly string[],
  points: readonly string[],
  groups: readonly string[],
): Promise<FoundDistribution[]> {
  const found: FoundDistribution[] = [];
  for (const word of words) found.push(await requireDistribution(client, parseContent(word)));
  for (const { metadata, spec } of found) {
    const absent =
      points.find((point) => !spec.points?.includes(point)) ?? groups.find((group) => !spec.groups?.includes(group));
    if (absent === undefined) continue;
    const goesTo = [...(spec.points ?? []), ...(spec.groups ?? []).map((group) => `group ${group}`)].join(', ');
    throw new CliError(
      'content.not-there',
      `distribution "${metadata.name}" does not name "${absent}": it goes to ${goesTo}. A point of a group is taken out of the group, or the group with --from-group`,
      EXIT_CODES.notFound,
    );
  }
  return found;
}

async function sentTo(
  client: ApiClient,
  points: readonly string[],
  groups: readonly string[],
): Promise<FoundDistribution[]> {
  const found: FoundDistribution[] = [];
  for await (const one of client.list(distribution)) {
    const names = [
      ...points.filter((point) => one.spec.points?.includes(point)),
      ...groups.filter((group) => one.spec.groups?.includes(group)),
    ];
    if (names.length > 0) found.push(one);
  }
  return found;
}

async function removeFrom(
  client: ApiClient,
  existing: FoundDistribution,
  points: readonly string[],
  groups: readonly string[],
  dryRun: boolean,
): Promise<string> {
  const { name } = existing.metadata;
  const { points: oldPoints = [], groups: oldGroups = [], ...rest } = existing.spec;
  const left = {
    ...optional(
      'points',
      oldPoints.filter((point) => !points.includes(point)),
    ),
    ...optional(
      'groups',
      oldGroups.filter((group) => !groups.includes(group)),
    ),
  };
  if (Object.keys(left).length === 0) {
    await client.remove(distribution, name, { dryRun });
    return 'deleted: it named no other place';
  }
  const input = distributionInput(name, { ...rest, ...left }, existing);
  await client.apply(distribution, input, { dryRun, document: false });
  return 'configured';
}
