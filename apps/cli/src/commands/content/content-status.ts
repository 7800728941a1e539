import { setTimeout as delay } from 'node:timers/promises';
import type { DistributionCopies, SiteDistribution } from '@muster/contracts/kinds/distribution.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { chooseDistributions, type ChosenDistribution } from '../../content/choose-distributions.js';
import { CONTENT_WORDS } from '../../content/content-name.js';
import { readCopies } from '../../content/distribution-actions.js';
import { siteRows, statusRows, STATUS_HEADER } from '../../content/status-rows.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { formatTable, growingTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { collect, listOutputOption } from '../arguments.js';

const watchMilliseconds = 1_000;

const help = `
One line for each point and version: how far it is, how its stored objects stand, and why it waits or failed; one for each site below, with
the points that hold the newest version. Without a name: of all content that goes somewhere. ${CONTENT_WORDS}

Examples:
  muster content status
  muster content status hello
  muster content status hello --watch
  muster content status --at-group branches
  muster content status hello -o json`;

interface StatusOptions {
  readonly at?: string[];
  readonly atGroup?: string[];
  readonly watch?: boolean;
  readonly output: 'table' | 'json';
}

/** A distribution as it stands at some of its points. */
interface Standing {
  readonly name: string;
  readonly points: ChosenDistribution['distribution']['status']['points'];
  readonly copies: readonly DistributionCopies[];
  readonly sites: readonly SiteDistribution[];
  /** As the Distribution names them, where all places are meant: those of other sites too. */
  readonly named: readonly string[];
}

/** `muster content status`. */
export function registerContentStatus(content: Command, terminal: Terminal): void {
  content
    .command('status')
    .description('show how content stands at each of its points')
    .argument('[content...]', 'names of packages, or kind/name; default: all content')
    .option('--at <point>', 'at this point only; may be given several times', collect)
    .option('--at-group <group>', 'at the points of this group only; may be given several times', collect)
    .option('-w, --watch', 'go on and show every change')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (words: string[], options: StatusOptions, command: Command) => {
      if (options.watch && options.output === 'json')
        throw new CliError('cli.usage', '--watch shows a table', EXIT_CODES.usage);
      await withClient(command, terminal, async (client) => {
        if (options.watch) return watch(client, words, options, terminal);
        const found = await readAll(client, words, options);
        if (options.output === 'json') {
          const [only] = found;
          const shown =
            words.length === 1 && only ? { points: only.points, copies: only.copies, sites: only.sites } : found;
          return terminal.out(JSON.stringify(shown, null, 2));
        }
        const rows = rowsOf(found, words.length !== 1);
        if (rows.length === 0) return terminal.error('nothing was distributed there');
        for (const line of formatTable(headerOf(words.length !== 1), rows)) terminal.out(line);
      });
    });
}

async function readAll(client: ApiClient, words: readonly string[], options: StatusOptions): Promise<Standing[]> {
  const chosen = await chooseDistributions(client, {
    words,
    everything: words.length === 0,
    points: options.at,
    groups: options.atGroup,
  });
  const found: Standing[] = [];
  for (const { distribution, points } of chosen) {
    const { name } = distribution.metadata;
    const isMeant = ({ point }: { readonly point: string }) => points === undefined || points.includes(point);
    // Of all content that is a question for each: too much every second.
    const copies = options.watch && words.length === 0 ? [] : await readCopies(client, name);
    found.push({
      name,
      points: distribution.status.points.filter(isMeant),
      copies: copies.filter(isMeant),
      // Of other sites nobody here knows which point it is.
      sites: points === undefined ? (distribution.status.sites ?? []) : [],
      named: points === undefined ? (distribution.spec.points ?? []) : [],
    });
  }
  return found;
}

function headerOf(withNames: boolean): readonly string[] {
  return [...(withNames ? ['DISTRIBUTION'] : []), ...STATUS_HEADER];
}

function rowsOf(found: readonly Standing[], withNames: boolean): string[][] {
  return found.flatMap(({ name, points, copies, sites, named }) =>
    [...statusRows(points, copies, new Date()), ...siteRows(sites, named)].map((row) =>
      withNames ? [name, ...row] : row,
    ),
  );
}

/** A line for each that is new or another than before, until somebody has seen enough. */
async function watch(
  client: ApiClient,
  words: readonly string[],
  options: StatusOptions,
  terminal: Terminal,
): Promise<void> {
  const signal = terminal.interruption();
  const header = headerOf(true);
  const line = growingTable(header);
  const readColumn = header.indexOf('READ');
  // The first rows say how wide columns are.
  for (const row of rowsOf(await readAll(client, words, options), true)) line(row);
  terminal.out(line(header));
  let shown = new Set<string>();
  while (!signal.aborted) {
    const now = new Map<string, string[]>();
    // That time passes is no change.
    for (const row of rowsOf(await readAll(client, words, options), true))
      now.set(JSON.stringify(row.toSpliced(readColumn, 1)), row);
    for (const [key, row] of now) if (!shown.has(key)) terminal.out(line(row));
    shown = new Set(now.keys());
    await delay(watchMilliseconds, undefined, { signal }).catch(() => undefined);
  }
  throw new SilentExit(EXIT_CODES.interrupted);
}
