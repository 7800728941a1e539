import type { Command } from 'commander';
import { contextFilePath, readContextFile, serverAddress, writeContextFile } from '../../context/context-file.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';

const help = `
Contexts are kept in ~/.config/muster/config.json (MUSTER_CONFIG names another file), for its owner only.
Strongest first: --server and --token, MUSTER_SERVER and MUSTER_TOKEN, the context named by --context or --site, the current context.

Examples:
  muster config set-context berlin --server https://muster.berlin.example --token muster_…
  muster config use-context berlin
  muster config get-contexts`;

/** `muster config get-contexts|use-context|set-context`. */
export function registerConfig(program: Command, terminal: Terminal): void {
  const group = program.command('config').description('sites that you work with').addHelpText('after', help);
  const path = (): string => contextFilePath(terminal.environment);
  group
    .command('get-contexts')
    .description('show all contexts; tokens stay hidden')
    .action(() => {
      const { current, contexts } = readContextFile(path());
      const rows = Object.entries(contexts).map(([name, { server, token }]) => [
        name === current ? '*' : '',
        name,
        server,
        token === undefined ? 'no' : 'yes',
      ]);
      if (rows.length === 0) return terminal.error(`no contexts in ${path()}`);
      for (const line of formatTable(['CURRENT', 'NAME', 'SERVER', 'TOKEN'], rows)) terminal.out(line);
    });
  group
    .command('use-context')
    .description('make a context the current one')
    .argument('<name>')
    .action((name: string) => {
      const file = readContextFile(path());
      if (!Object.hasOwn(file.contexts, name)) {
        const known = Object.keys(file.contexts).join(', ') || 'none';
        throw new CliError(
          'config.unknown-context',
          `there is no context "${name}"; known contexts: ${known}`,
          EXIT_CODES.usage,
        );
      }
      writeContextFile(path(), { ...file, current: name });
      terminal.out(`current context: ${name}`);
    });
  group
    .command('set-context')
    .description('add or change a context, with --server and --token')
    .argument('<name>')
    .action((name: string, _options: object, command: Command) => {
      const { server, token } = command.optsWithGlobals<{ server?: string; token?: string }>();
      const file = readContextFile(path());
      const before = Object.hasOwn(file.contexts, name) ? file.contexts[name] : undefined;
      const address = server ?? before?.server;
      if (address === undefined)
        throw new CliError('config.server-missing', `say where "${name}" is with --server URL`, EXIT_CODES.usage);
      const checked = serverAddress(address);
      // A token is for one site: it does not move to another address by itself.
      const kept = before !== undefined && serverAddress(before.server) === checked ? before.token : undefined;
      const wanted = token ?? kept;
      const context = { server: checked, ...(wanted === undefined ? {} : { token: wanted }) };
      const contexts = { ...file.contexts, [name]: context };
      writeContextFile(path(), { current: file.current ?? name, contexts });
      terminal.out(`context ${name} ${before === undefined ? 'created' : 'changed'}`);
    });
}
