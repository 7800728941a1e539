import { readFileSync } from 'node:fs';
import { collection, type CollectionSpec, type CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { importDevices, type ImportOutcome } from '../../devices/import-devices.js';
import { readDeviceList, type LineProblem, type ListedDevice } from '../../devices/read-device-list.js';
import { CliError, reasonOf, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const help = `
The first line names the columns, in any order: name, and any of
  mac              MAC addresses of its network cards, with blanks between
  smbios           the UUID of its firmware
  description
  variable:NAME    a variable of task sequences on this device
  hidden:NAME      the same, as a secret; so is every variable that holds a password
  label:KEY
An empty cell says nothing. A record that exists keeps what the line does not say, so a list can be imported again.
The computer takes its record over when it enrols: by its hardware, whatever name it has; else by its name.

Every line is checked by the site before anything is written. One that is wrong keeps all others back, unless --continue.

Examples:
  muster device import new-laptops.csv --dry-run=server
  muster device import new-laptops.csv --collection pilot

  name,smbios,mac,variable:Ring,label:room
  laptop-17,4C4C4544-0042-3510-8054-B4C04F4E3132,00-1A-2B-3C-4D-5E,pilot,b-204`;

const MOST_SHOWN = 50;
const MOST_RULES = 10_000;

interface ImportOptions {
  readonly dryRun?: 'server';
  readonly continue?: boolean;
  readonly collection?: string;
}

/** `muster device import FILE`. */
export function addDeviceImport(commands: Command, terminal: Terminal): void {
  commands
    .command('import')
    .description('make records of computers out of a list (CSV), before they are there')
    .argument('<file>', 'the list; - for standard input')
    .option('--continue', 'leave out the lines that are wrong')
    .option('--collection <name>', 'put the devices into this collection, by direct rules')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const { devices, problems } = readDeviceList(file, await bytesOf(file, terminal));
      await withClient(command, terminal, (client) => importList(client, terminal, file, devices, problems, options), {
        patienceSeconds: 60,
      });
    });
}

async function importList(
  client: ApiClient,
  terminal: Terminal,
  file: string,
  devices: readonly ListedDevice[],
  unread: readonly LineProblem[],
  options: ImportOptions,
): Promise<void> {
  if (options.collection !== undefined) await checkRoom(client, options.collection, devices);
  const checked = await send(client, terminal, devices, true);
  const problems = [...unread, ...checked.problems].toSorted((one, other) => one.line - other.line);
  const wrong = new Set(problems.map(({ line }) => line));
  for (const { line, message } of problems.slice(0, MOST_SHOWN))
    terminal.error(safeLine(`${file}:${line}: ${message}`));
  if (problems.length > MOST_SHOWN) terminal.error(`… and ${problems.length - MOST_SHOWN} more`);
  if (wrong.size > 0 && !options.continue) {
    throw new CliError(
      'device-list.wrong-lines',
      `${wrong.size} lines are wrong, and nothing was written. Correct them, or leave them out with --continue`,
      EXIT_CODES.invalidDocument,
    );
  }
  const left = wrong.size > 0 ? `, ${wrong.size} wrong lines left out` : '';
  if (options.dryRun) return terminal.out(`${counted(checked)}${left} (server dry run)`);
  const good = devices.filter(({ line }) => !wrong.has(line));
  const written = await send(client, terminal, good, false);
  terminal.out(`${counted(written)}${left}`);
  for (const { line, message } of written.problems.slice(0, MOST_SHOWN))
    terminal.error(safeLine(`${file}:${line}: ${message}`));
  if (options.collection !== undefined) await addRules(client, terminal, options.collection, good, written.problems);
  if (written.problems.length > 0) throw new SilentExit(EXIT_CODES.failed);
}

async function send(
  client: ApiClient,
  terminal: Terminal,
  devices: readonly ListedDevice[],
  dryRun: boolean,
): Promise<ImportOutcome> {
  const show = progressLine(terminal);
  const word = dryRun ? 'checked' : 'imported';
  const outcome = await importDevices(client, devices, {
    dryRun,
    onDone: (done) => show(`${word} ${done} of ${devices.length}`),
  });
  if (terminal.interactive) terminal.progress('');
  return outcome;
}

/** Before anything is written. */
async function checkRoom(client: ApiClient, name: string, devices: readonly ListedDevice[]): Promise<void> {
  const { spec } = await client.get<CollectionSpec, CollectionStatus>(collection, name);
  const rules = withDevices(spec, devices).length;
  if (rules <= MOST_RULES) return;
  throw new CliError(
    'device-list.too-many-rules',
    `collection "${name}" would have ${rules} rules, ${MOST_RULES} are allowed: give the devices a label, or a query rule to the collection`,
    EXIT_CODES.usage,
  );
}

async function addRules(
  client: ApiClient,
  terminal: Terminal,
  name: string,
  devices: readonly ListedDevice[],
  problems: readonly LineProblem[],
): Promise<void> {
  const failed = new Set(problems.map(({ line }) => line));
  const good = devices.filter(({ line }) => !failed.has(line));
  for (let attempt = 1; ; attempt++) {
    const found = await client.get<CollectionSpec, CollectionStatus>(collection, name);
    const rules = withDevices(found.spec, good);
    try {
      await client.apply(collection, { ...found, spec: { ...found.spec, rules } }, { document: false });
      const added = rules.length - found.spec.rules.length;
      return terminal.out(`${objectName(collection, name)} has ${added} devices more by direct rules`);
    } catch (error) {
      const stale = error instanceof CliError && error.code === 'resource.stale-version';
      if (!stale || attempt === 5) throw error;
    }
  }
}

function withDevices({ rules }: CollectionSpec, devices: readonly ListedDevice[]): CollectionSpec['rules'] {
  const there = new Set(rules.flatMap((rule) => ('device' in rule ? [rule.device] : [])));
  return [
    ...rules,
    ...devices.filter(({ device }) => !there.has(device.name)).map(({ device }) => ({ device: device.name })),
  ];
}

function counted({ created, changed, unchanged }: ImportOutcome): string {
  return `${created} devices created, ${changed} changed, ${unchanged} unchanged`;
}

async function bytesOf(file: string, terminal: Terminal): Promise<Uint8Array> {
  if (file === '-') return terminal.readStandardInput();
  try {
    return readFileSync(file);
  } catch (cause) {
    const message = `cannot read ${file}: ${reasonOf(cause)}`;
    throw new CliError('document.not-readable', message, EXIT_CODES.invalidDocument, { cause });
  }
}
