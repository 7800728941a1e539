import { setTimeout as delay } from 'node:timers/promises';
import type { DistributionCopies } from '@muster/contracts/kinds/distribution.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { chooseDistributions, type ChosenDistribution } from '../../content/choose-distributions.js';
import { CONTENT_WORDS } from '../../content/content-name.js';
import { actOn, readCopies } from '../../content/distribution-actions.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { printError } from '../../errors/print-error.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import type { Terminal } from '../../terminal.js';
import { collect } from '../arguments.js';

const pollMilliseconds = 250;

const validateHelp = `
Reads every stored object of the content again, byte for byte, at its points and in the library. What is wrong or gone is
written again from the library or another point. Exit code 1 when something could not be repaired. ${CONTENT_WORDS}

Examples:
  muster content validate hello
  muster content validate hello --at berlin --no-wait
  muster content validate --everything --at-group branches`;

const redistributeHelp = `
Writes every object of the content again, right or not, and lets transfers that gave up begin again. Devices go on being
served meanwhile. ${CONTENT_WORDS}

Examples:
  muster content redistribute hello
  muster content redistribute hello --at berlin
  muster content redistribute --everything --at berlin`;

const cancelHelp = `
Ends transfers that are waiting or under way; they count as failed. What has arrived stays. ${CONTENT_WORDS}

Examples:
  muster content cancel hello
  muster content cancel hello --at berlin
  muster content cancel --everything --at berlin`;

interface ActOptions {
  readonly everything?: boolean;
  readonly at?: string[];
  readonly atGroup?: string[];
}

/** `muster content validate|redistribute|cancel`. */
export function registerContentActs(content: Command, terminal: Terminal): void {
  actCommand(content, 'validate', 'read what is stored again, and repair what is wrong')
    .option('--no-wait', 'do not wait until everything was read')
    .addHelpText('after', validateHelp)
    .action(async (words: string[], options: ActOptions & { wait: boolean }, command: Command) => {
      await withClient(
        command,
        terminal,
        async (client) => validateAll(client, await choose(client, words, options), options.wait, terminal),
        { patienceSeconds: 30 },
      );
    });
  registerAct(content, terminal, 'redistribute', 'write what is stored again', redistributeHelp);
  registerAct(content, terminal, 'cancel', 'end transfers that are under way', cancelHelp);
}

function actCommand(content: Command, name: string, description: string): Command {
  return content
    .command(name)
    .description(description)
    .argument('[content...]', 'names of packages, or kind/name')
    .option('--everything', 'all content that goes somewhere')
    .option('--at <point>', 'at this point only; may be given several times', collect)
    .option('--at-group <group>', 'at the points of this group only; may be given several times', collect);
}

function registerAct(
  content: Command,
  terminal: Terminal,
  act: 'redistribute' | 'cancel',
  description: string,
  help: string,
): void {
  actCommand(content, act, description)
    .addHelpText('after', help)
    .action(async (words: string[], options: ActOptions, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const chosen = await choose(client, words, options);
        let acted = 0;
        for (const { distribution, points } of chosen) {
          const { name } = distribution.metadata;
          const { copies, transfers } = await actOn(client, name, act, points);
          // Of all content only that which something was done about.
          if (options.everything && copies + transfers === 0) continue;
          acted += 1;
          const rewritten = act === 'redistribute' ? `${copies} objects will be written again, ` : '';
          const moved = act === 'redistribute' ? 'transfers begin again' : 'transfers cancelled';
          terminal.out(`${objectName('Distribution', name)}: ${rewritten}${transfers} ${moved}`);
        }
        if (acted === 0) terminal.error(`there is nothing to ${act} there`);
      });
    });
}

function choose(client: ApiClient, words: string[], options: ActOptions): Promise<ChosenDistribution[]> {
  return chooseDistributions(client, {
    words,
    everything: options.everything,
    points: options.at,
    groups: options.atGroup,
  });
}

async function validateAll(
  client: ApiClient,
  chosen: readonly ChosenDistribution[],
  wait: boolean,
  terminal: Terminal,
): Promise<void> {
  let failures = 0;
  for (const one of chosen) {
    const failure = await validate(client, one, wait, terminal);
    if (!failure) continue;
    failures += 1;
    printError(terminal, failure);
  }
  sayIfNone(chosen, terminal);
  if (failures > 0) throw new SilentExit(EXIT_CODES.failed);
}

/** Returns what could not be read or repaired. */
async function validate(
  client: ApiClient,
  { distribution, points }: ChosenDistribution,
  wait: boolean,
  terminal: Terminal,
): Promise<CliError | undefined> {
  const { name } = distribution.metadata;
  const read = async () =>
    (await readCopies(client, name)).filter(({ point }) => points === undefined || points.includes(point));
  const before = await read();
  const { copies } = await actOn(client, name, 'validate', points);
  if (!wait) {
    terminal.out(`${objectName('Distribution', name)}: ${copies} objects will be read again`);
    return undefined;
  }
  const show = progressLine(terminal);
  for (;;) {
    const all = await read();
    const waiting = sum(all, ({ waiting: count }) => count);
    const bad = sum(all, (point) => point.bad);
    show(`validating ${name}: ${copies - waiting} of ${copies} objects, ${bad} bad`);
    if (waiting > 0) {
      await delay(pollMilliseconds);
      continue;
    }
    const unread = unreadPoints(before, all);
    const done = copies - sum(unread, (point) => point.copies);
    const repaired = sum(all, (point) => point.repaired) - sum(before, (point) => point.repaired);
    terminal.out(`${objectName('Distribution', name)}: ${done} objects read, ${repaired} repaired, ${bad} bad`);
    return bad > 0 ? badCopies(name, bad, all) : notRead(name, unread);
  }
}

/** Points that did not answer: nothing waits there, because it is tried again later, and nothing was read either. */
function unreadPoints(
  before: readonly DistributionCopies[],
  after: readonly DistributionCopies[],
): DistributionCopies[] {
  const since = new Map(before.map(({ point, readSince }) => [point, readSince]));
  return after.filter((one) => one.bad === 0 && one.copies > 0 && one.readSince === since.get(one.point));
}

function badCopies(name: string, bad: number, all: readonly DistributionCopies[]): CliError {
  const problem = all.find((point) => point.problem !== undefined);
  return new CliError(
    'content.bad-copies',
    `${bad} objects of "${name}" are wrong and could not be repaired; at "${problem?.point}": ${problem?.problem ?? 'no reason given'}. Upload the same files again`,
    EXIT_CODES.failed,
  );
}

function notRead(name: string, unread: readonly DistributionCopies[]): CliError | undefined {
  if (unread.length === 0) return undefined;
  return new CliError(
    'content.not-validated',
    `of "${name}" not everything could be read at ${unread.map(({ point }) => point).join(', ')}: the store does not answer, or refuses. It is tried again every 30 seconds`,
    EXIT_CODES.failed,
  );
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

function sayIfNone(chosen: readonly ChosenDistribution[], terminal: Terminal): void {
  if (chosen.length === 0) terminal.error('nothing was distributed there');
}
