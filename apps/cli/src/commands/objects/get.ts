import type { Kind, Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { follow } from '../../api/follow.js';
import { withClient } from '../../api/open-client.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { columnsOf, rowOf } from '../../output/columns.js';
import { formatResources, objectName, type OutputFormat, toYaml } from '../../output/formats.js';
import { growingTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { kindsHelp, outputOption, type OutputOptions, parseObjects } from '../arguments.js';

const help = `
${kindsHelp()}

Examples:
  muster get devices
  muster get ts harden-debian -o yaml
  muster get deployments -l team=infra -o wide
  muster get runs --watch -o json        one JSON object per line
  muster get ts --folder /servers        those directly in a folder
  muster get packages -o name`;

interface GetOptions extends OutputOptions {
  readonly selector?: string;
  readonly folder?: string;
  readonly watch?: boolean;
}

/** `muster get KIND [NAME…]`. */
export function registerGet(program: Command, terminal: Terminal): void {
  program
    .command('get')
    .description('show objects')
    .argument('<kind>', 'kind, or kind/name')
    .argument('[names...]', 'only these')
    .addOption(outputOption())
    .option('-l, --selector <labels>', 'only objects with these labels: name=value,…')
    .option('--folder <path>', 'only objects directly in this folder')
    .option('-w, --watch', 'go on and show every change')
    .addHelpText('after', help)
    .action(async (first: string, rest: string[], options: GetOptions, command: Command) => {
      const { kind, names } = parseObjects(first, rest);
      if (options.watch && (names.length > 1 || options.selector !== undefined || options.folder !== undefined)) {
        throw new CliError(
          'cli.watch-scope',
          '--watch follows one object or all of a kind, without --selector and --folder',
          EXIT_CODES.usage,
        );
      }
      await withClient(command, terminal, async (client) => {
        if (options.watch) return watch(client, kind, names[0], options.output, terminal);
        const found = await read(client, kind, names, options);
        if (found.length === 0 && (options.output === 'table' || options.output === 'wide')) {
          terminal.error(`no ${kind.plural} found`);
          return;
        }
        for (const line of formatResources(kind, found, options.output, names.length === 1, new Date()))
          terminal.out(line);
      });
    });
}

async function read(
  client: ApiClient,
  kind: Kind,
  names: readonly string[],
  { selector, folder }: GetOptions,
): Promise<Resource[]> {
  const found: Resource[] = [];
  if (names.length === 0) for await (const resource of client.list(kind, selector, folder)) found.push(resource);
  else for (const name of names) found.push(await client.get(kind, name));
  return found;
}

async function watch(
  client: ApiClient,
  kind: Kind,
  name: string | undefined,
  format: OutputFormat,
  terminal: Terminal,
): Promise<void> {
  if (name !== undefined) await client.get(kind, name);
  const signal = terminal.interruption();
  const shown = columnsOf(kind.kind, format === 'wide');
  const header = shown.map(({ title }) => title);
  const line = growingTable(header);
  if (format === 'table' || format === 'wide') terminal.out(line(header));
  const onNote = (note: string): void => terminal.error(`note: ${note}`);
  for await (const { type, resource } of follow(client, kind, { name, signal, onNote })) {
    const gone = type === 'deleted' ? '   (deleted)' : '';
    if (format === 'json') terminal.out(JSON.stringify({ type, resource }));
    else if (format === 'yaml') terminal.out(`---\n${toYaml(resource)}`);
    else if (format === 'name') terminal.out(objectName(kind, resource.metadata.name) + gone);
    else terminal.out(line(rowOf(resource, shown, new Date())) + gone);
  }
  throw new SilentExit(EXIT_CODES.interrupted);
}
