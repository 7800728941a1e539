import { setTimeout as delay } from 'node:timers/promises';
import {
  distribution,
  type DistributionActionResult,
  type DistributionCopies,
} from '@muster/contracts/kinds/distribution.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { ContentSources } from '@muster/contracts/kinds/content-sources.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, contentKind, distributionName, parseContent } from '../../content/content-name.js';
import { distributionInput, optional, requireDistribution } from '../../content/distribute-content.js';
import { statusRows, STATUS_HEADER } from '../../content/status-rows.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption, listOutputOption } from '../arguments.js';

const pollMilliseconds = 250;

const removeHelp = `
${CONTENT_WORDS}

Devices are not sent to the place any more at once. The files that nothing else at the point needs are removed after the grace
period of the content service (MUSTER_REMOVE_AFTER_MINUTES); "muster get dp POINT -o yaml" counts them.

Examples:
  muster content remove hello --from berlin
  muster content remove hello --from-group branches --dry-run=server`;

const validateHelp = `
Reads every stored object of the content again, byte for byte, at its points and in the library. What is wrong or gone is
written again from the library or another point. Exit code 1 when something could not be repaired.

Examples:
  muster content validate hello
  muster content validate hello --at berlin --no-wait`;

const redistributeHelp = `
Writes every object of the content again, right or not, and lets transfers that gave up begin again. Devices go on being
served meanwhile.

Examples:
  muster content redistribute hello
  muster content redistribute hello --at berlin`;

const cancelHelp = `
Ends transfers that are waiting or under way; they count as failed. What has arrived stays.

Examples:
  muster content cancel hello
  muster content cancel hello --at berlin`;

const statusHelp = `
One line for each point and version: how far it is, and how its stored objects stand.

Examples:
  muster content status hello
  muster content status hello -o json`;

const sourcesHelp = `
The distribution points that a device with this address is sent to for the content, best first, each with the reason, and the
points that have it and are not offered.

Examples:
  muster content sources hello --address 10.1.2.3
  muster content sources hello --address 2001:db8::7 -o json`;

/** `muster content remove|validate|redistribute|cancel|status|sources`. */
export function registerContentCare(content: Command, terminal: Terminal): void {
  content
    .command('remove')
    .description('take content away from distribution points')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--from <point>', 'distribution point; may be given several times', collect)
    .option('--from-group <group>', 'group of distribution points; may be given several times', collect)
    .addOption(dryRunOption())
    .addHelpText('after', removeHelp)
    .action(
      async (word: string, options: { from?: string[]; fromGroup?: string[]; dryRun?: 'server' }, command: Command) => {
        if (!options.from && !options.fromGroup)
          throw new CliError('cli.usage', 'say where from: --from POINT or --from-group GROUP', EXIT_CODES.usage);
        await withClient(command, terminal, async (client) => {
          const content = parseContent(word);
          const dryRun = options.dryRun !== undefined;
          const outcome = await removeFrom(client, content, options.from ?? [], options.fromGroup ?? [], dryRun);
          terminal.out(
            `${objectName('Distribution', distributionName(content))} ${outcome}${dryRun ? ' (dry run)' : ''}`,
          );
        });
      },
    );
  content
    .command('validate')
    .description('read what is stored again, and repair what is wrong')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--at <point>', 'at this point only; may be given several times', collect)
    .option('--no-wait', 'do not wait until everything was read')
    .addHelpText('after', validateHelp)
    .action(async (word: string, options: { at?: string[]; wait: boolean }, command: Command) => {
      const content = parseContent(word);
      await withClient(
        command,
        terminal,
        async (client) => {
          const { metadata } = await requireDistribution(client, content);
          await validate(client, metadata.name, options, terminal);
        },
        { patienceSeconds: 30 },
      );
    });
  registerAct(content, terminal, 'redistribute', 'write what is stored again', redistributeHelp);
  registerAct(content, terminal, 'cancel', 'end transfers that are under way', cancelHelp);
  content
    .command('status')
    .description('show how content stands at each of its points')
    .argument('<content>', 'name of a package, or kind/name')
    .addOption(listOutputOption())
    .addHelpText('after', statusHelp)
    .action(async (word: string, options: { output: 'table' | 'json' }, command: Command) => {
      const content = parseContent(word);
      await withClient(command, terminal, async (client) => {
        const { status, metadata } = await requireDistribution(client, content);
        const { name } = metadata;
        const copies = await readCopies(client, name);
        if (options.output === 'json') return terminal.out(JSON.stringify({ points: status.points, copies }, null, 2));
        for (const line of formatTable(STATUS_HEADER, statusRows(status.points, copies, new Date())))
          terminal.out(line);
      });
    });
  content
    .command('sources')
    .description('show where a device would get content, and why')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--address <ip>', 'address of the device; default: not known')
    .addOption(listOutputOption())
    .addHelpText('after', sourcesHelp)
    .action(async (word: string, options: { address?: string; output: 'table' | 'json' }, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const content = parseContent(word);
        const { plural } = contentKind(content);
        const path = `/api/v1/${plural}/${encodeURIComponent(content.name)}/sources`;
        const found = await client.json<ContentSources>('GET', path, {
          query: { address: options.address },
        });
        if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
        terminal.out(
          `version ${found.version} of ${objectName(content.kind, content.name)}; current boundary groups: ${found.groups.join(', ') || 'none'}`,
        );
        const rows = [
          ...found.sources.map(({ point, reason }, index) => [String(index + 1), point, reason]),
          ...found.leftOut.map(({ point, reason }) => ['not', point, reason]),
        ];
        for (const line of formatTable(['ORDER', 'POINT', 'WHY'], rows)) terminal.out(line);
      });
    });
}

function registerAct(
  content: Command,
  terminal: Terminal,
  act: 'redistribute' | 'cancel',
  description: string,
  help: string,
): void {
  content
    .command(act)
    .description(description)
    .argument('<content>', 'name of a package, or kind/name')
    .option('--at <point>', 'at this point only; may be given several times', collect)
    .addHelpText('after', help)
    .action(async (word: string, options: { at?: string[] }, command: Command) => {
      const content = parseContent(word);
      await withClient(command, terminal, async (client) => {
        const { name } = (await requireDistribution(client, content)).metadata;
        const { copies, transfers } = await post(client, name, act, options.at);
        const rewritten = act === 'redistribute' ? `${copies} objects will be written again, ` : '';
        const moved = act === 'redistribute' ? 'transfers begin again' : 'transfers cancelled';
        terminal.out(`${objectName('Distribution', name)}: ${rewritten}${transfers} ${moved}`);
      });
    });
}

async function removeFrom(
  client: ApiClient,
  content: ContentReference,
  points: readonly string[],
  groups: readonly string[],
  dryRun: boolean,
): Promise<string> {
  const existing = await requireDistribution(client, content);
  const { name } = existing.metadata;
  const absent =
    points.find((point) => !existing.spec.points?.includes(point)) ??
    groups.find((group) => !existing.spec.groups?.includes(group));
  if (absent !== undefined) {
    throw new CliError(
      'content.not-there',
      `distribution "${name}" does not name "${absent}": it goes to ${[...(existing.spec.points ?? []), ...(existing.spec.groups ?? []).map((group) => `group ${group}`)].join(', ')}`,
      EXIT_CODES.notFound,
    );
  }
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
  await client.apply(distribution, distributionInput(name, { ...rest, ...left }, existing), {
    dryRun,
    document: false,
  });
  return 'configured';
}

async function validate(
  client: ApiClient,
  name: string,
  options: { at?: string[]; wait: boolean },
  terminal: Terminal,
): Promise<void> {
  const repairsOf = (all: readonly DistributionCopies[]) => all.reduce((sum, { repaired }) => sum + repaired, 0);
  const before = repairsOf(await readCopies(client, name));
  const { copies } = await post(client, name, 'validate', options.at);
  if (!options.wait) return terminal.out(`${objectName('Distribution', name)}: ${copies} objects will be read again`);
  const show = progressLine(terminal);
  for (;;) {
    const all = await readCopies(client, name);
    const waiting = all.reduce((sum, point) => sum + point.waiting, 0);
    const bad = all.reduce((sum, point) => sum + point.bad, 0);
    show(`validating ${name}: ${copies - waiting} of ${copies} objects, ${bad} bad`);
    if (waiting === 0) {
      const repaired = repairsOf(all) - before;
      terminal.out(`${objectName('Distribution', name)}: ${copies} objects read, ${repaired} repaired, ${bad} bad`);
      const problem = all.find((point) => point.problem !== undefined);
      if (bad === 0) return;
      throw new CliError(
        'content.bad-copies',
        `${bad} objects of "${name}" are wrong and could not be repaired; at "${problem?.point}": ${problem?.problem ?? 'no reason given'}. Upload the same files again`,
        EXIT_CODES.failed,
      );
    }
    await delay(pollMilliseconds);
  }
}

async function readCopies(client: ApiClient, name: string): Promise<DistributionCopies[]> {
  return (await client.json<{ points: DistributionCopies[] }>('GET', `${address(name)}/copies`)).points;
}

function post(
  client: ApiClient,
  name: string,
  act: string,
  points: readonly string[] | undefined,
): Promise<DistributionActionResult> {
  return client.json('POST', `${address(name)}/${act}`, { body: points ? { points } : {}, repeatable: true });
}

function address(name: string): string {
  return `/api/v1/distributions/${encodeURIComponent(name)}`;
}
