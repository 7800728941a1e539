import { readFileSync } from 'node:fs';
import { collection } from '@muster/contracts/kinds/collection.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import type { Kind, Resource } from '@muster/contracts/resource.js';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CliError, reasonOf } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { withVariables, withoutVariables, type WantedVariable } from '../../variables/edit-variables.js';
import { dryRunOption, listOutputOption, wholeNumber } from '../arguments.js';

const setHelp = `
A value of a device wins over those of its collections; among collections the one with the highest priority wins (1 to 9, default 1).
A hidden value is sealed at once, goes to devices only, and is never shown again. It does not belong on the command line, which
others can read and shells remember: it is asked for, or read from a file or standard input.

Examples:
  muster variable set --collection pilot Ring=pilot Proxy=http://proxy:3128
  muster variable set --collection pilot --priority 7
  muster variable set --device web-1 Token --hidden                     asks for the value
  muster variable set --device web-1 Token --hidden --from-file token.txt
  pass show token | muster variable set --device web-1 Token --hidden --from-file -
  muster --site CEN variable set --device web-1 --of PR1 Ring=pilot     at the site above that of the device`;

const listHelp = `
Examples:
  muster variable list --collection pilot
  muster variable list --device web-1 -o json
What a device gets of all its collections, and which value wins: muster explain --device NAME.`;

const unsetHelp = `
Examples:
  muster variable unset --collection pilot Proxy`;

interface Where {
  readonly device?: string;
  readonly of?: string;
  readonly collection?: string;
}
interface SetOptions extends Where {
  readonly hidden?: boolean;
  readonly fromFile?: string;
  readonly priority?: number;
  readonly dryRun?: 'server';
}
/** Fields that devices and collections share here. */
interface OwnerSpec {
  variables?: DeviceVariable[] | undefined;
  variablesPriority?: number | undefined;
}

/** `muster variable set|unset|list`. */
export function registerVariable(program: Command, terminal: Terminal): void {
  const commands = program.command('variable').description('variables of task sequences on devices and collections');
  withOwner(commands.command('set'))
    .description('give variables a value, or a collection its priority')
    .argument('[variables...]', 'NAME=VALUE; NAME alone when the value comes from elsewhere')
    .option('--hidden', 'the value is a secret')
    .option('--from-file <file>', 'take the value of NAME from a file, - for standard input; one line end is cut off')
    .option('--priority <number>', 'of the collection: 1 (weakest) to 9', wholeNumber(1, 9))
    .addOption(dryRunOption())
    .addHelpText('after', setHelp)
    .action(async (words: string[], options: SetOptions, command: Command) => {
      const wanted = await readWanted(words, options, terminal);
      if (wanted.length === 0 && options.priority === undefined)
        throw usage('say which variable: NAME=VALUE, or NAME with --hidden or --from-file');
      if (options.priority !== undefined && options.collection === undefined)
        throw usage('only collections have a --priority');
      await change(options, command, terminal, (spec) => ({
        ...spec,
        ...(wanted.length > 0 ? { variables: withVariables(spec.variables ?? [], wanted) } : {}),
        ...(options.priority === undefined ? {} : { variablesPriority: options.priority }),
      }));
    });
  withOwner(commands.command('unset'))
    .description('take variables away')
    .argument('<names...>', 'names of variables')
    .addOption(dryRunOption())
    .addHelpText('after', unsetHelp)
    .action(async (names: string[], options: SetOptions, command: Command) => {
      await change(options, command, terminal, (spec) => ({
        ...spec,
        variables: withoutVariables(spec.variables ?? [], names),
      }));
    });
  withOwner(commands.command('list'))
    .description('show the variables of one device or collection')
    .addOption(listOutputOption())
    .addHelpText('after', listHelp)
    .action(async (options: Where & { output: 'table' | 'json' }, command: Command) => {
      const { spec } = await withClient(command, terminal, (client) => readOwner(client, ownerOf(options)));
      const variables = spec.variables ?? [];
      if (options.output === 'json') return terminal.out(JSON.stringify(variables, null, 2));
      const rows = variables.map((one) => [one.name, one.hidden ? `(hidden, set ${one.setAt})` : (one.value ?? '')]);
      for (const line of formatTable(['NAME', 'VALUE'], rows)) terminal.out(line);
    });
}

function withOwner(command: Command): Command {
  return command
    .addOption(new Option('--device <name>', 'of this device').conflicts('collection'))
    .addOption(
      new Option('--of <site>', 'that the device belongs to, where that is a site below').conflicts('collection'),
    )
    .addOption(new Option('--collection <name>', 'of this collection').conflicts('device'));
}

interface Owner {
  readonly kind: Kind<OwnerSpec>;
  readonly name: string;
  /** Where that is a site below. */
  readonly site?: string | undefined;
}

function ownerOf(where: Where): Owner {
  if (where.device !== undefined) return { kind: device as Kind<OwnerSpec>, name: where.device, site: where.of };
  if (where.collection !== undefined) return { kind: collection as unknown as Kind<OwnerSpec>, name: where.collection };
  throw usage('say whose: --device NAME or --collection NAME');
}

function pathBelow(site: string, name: string): string {
  return `/api/v1/${device.plural}/-/below/${encodeURIComponent(site)}/${encodeURIComponent(name)}`;
}

async function readOwner(client: ApiClient, { kind, name, site }: Owner): Promise<Resource<OwnerSpec>> {
  return site === undefined ? client.get(kind, name) : client.json('GET', pathBelow(site, name));
}

/** Reads, changes and writes; what somebody else changed in between is not overwritten but read again. */
async function change(
  options: SetOptions,
  command: Command,
  terminal: Terminal,
  make: (spec: OwnerSpec) => OwnerSpec,
): Promise<void> {
  const owner = ownerOf(options);
  const { kind, name } = owner;
  const dryRun = options.dryRun !== undefined;
  const [before, after] = await withClient(command, terminal, (client) => changeOnce(client, owner, make, dryRun));
  const changed = before.metadata.resourceVersion !== after.metadata.resourceVersion;
  terminal.out(`${objectName(kind, name)} ${changed ? 'changed' : 'unchanged'}${dryRun ? ' (server dry run)' : ''}`);
}

async function changeOnce(
  client: ApiClient,
  owner: Owner,
  make: (spec: OwnerSpec) => OwnerSpec,
  dryRun: boolean,
): Promise<[Resource<OwnerSpec>, Resource]> {
  for (let attempt = 1; ; attempt++) {
    const before = await readOwner(client, owner);
    const { kind, name, site } = owner;
    const body = { ...before, spec: make(before.spec) };
    try {
      if (site === undefined) return [before, await client.apply(kind, body, { dryRun, document: false })];
      const query = dryRun ? { dryRun: 'true' } : {};
      return [before, await client.json<Resource>('PUT', pathBelow(site, name), { query, body })];
    } catch (error) {
      const stale = error instanceof CliError && error.code === 'resource.stale-version';
      if (!stale || attempt === 5) throw error;
    }
  }
}

async function readWanted(
  words: readonly string[],
  options: SetOptions,
  terminal: Terminal,
): Promise<WantedVariable[]> {
  const hidden = options.hidden === true;
  const bare = words.filter((word) => !word.includes('='));
  if (hidden && bare.length < words.length) {
    throw usage(
      'a hidden value does not belong on the command line: write NAME alone, and it is asked for (or --from-file)',
    );
  }
  if (bare.length > 1 || (options.fromFile !== undefined && (bare.length === 0 || words.length > 1)))
    throw usage('a value from elsewhere is for one NAME at a time');
  const elsewhere = bare.length === 0 ? '' : await readValue(bare[0] ?? '', options, terminal);
  return words.map((word) => {
    const equals = word.indexOf('=');
    return equals < 0
      ? { name: word, value: elsewhere, hidden }
      : { name: word.slice(0, equals), value: word.slice(equals + 1), hidden };
  });
}

async function readValue(name: string, { fromFile, hidden }: SetOptions, terminal: Terminal): Promise<string> {
  if (fromFile === '-') return withoutLineEnd((await terminal.readStandardInput()).toString('utf8'));
  if (fromFile !== undefined) {
    try {
      return withoutLineEnd(readFileSync(fromFile, 'utf8'));
    } catch (error) {
      throw new CliError('cli.file-not-readable', `cannot read ${fromFile}: ${reasonOf(error)}`, EXIT_CODES.usage);
    }
  }
  if (hidden && terminal.askSecret) return terminal.askSecret(`value of ${name}: `);
  throw usage(`no value for "${name}": ${hidden ? 'give it' : `write ${name}=VALUE, or give it`} with --from-file`);
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}
