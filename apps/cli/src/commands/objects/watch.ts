import { deployment } from '@muster/contracts/kinds/deployment.js';
import { run } from '@muster/contracts/kinds/run.js';
import { Option, type Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import type { Terminal } from '../../terminal.js';
import { deploymentExitCode, showDeployment, showRun, type WatchFormat } from '../../watch/show-watch.js';
import { parseObjects, wholeNumber } from '../arguments.js';

const help = `
Shows every step of every device as it happens, until all targeted devices have finished, or have told that they will not run it. Exit code 0: all succeeded,
1: one failed. A broken connection is taken up where it broke. To follow other kinds: muster get KIND --watch.

With -o json each line is one event: run-started, step-started, step-finished, run-finished (result restart-pending is not
the end), and last deployment-finished.

Examples:
  muster watch deployment pilot-june
  muster watch deployment pilot-june -o json --timeout 3600
  muster watch run/harden-debian-web-01-1`;

interface Options {
  readonly output: WatchFormat;
  readonly timeout?: number;
}

/** `muster watch deployment|run NAME`. */
export function registerWatch(program: Command, terminal: Terminal): void {
  program
    .command('watch')
    .description('follow a deployment or a run live')
    .argument('<kind>', 'deployment or run, or kind/name')
    .argument('[name]', 'its name')
    .addOption(new Option('-o, --output <format>', 'how to show events').choices(['human', 'json']).default('human'))
    .option('--timeout <seconds>', 'give up after this long', wholeNumber(1, 31_536_000))
    .addHelpText('after', help)
    .action(async (first: string, rest: string | undefined, options: Options, command: Command) => {
      const { kind, names } = parseObjects(first, rest === undefined ? [] : [rest]);
      const [name] = names;
      if (name === undefined) throw new CliError('cli.name-missing', `which ${kind.singular}?`, EXIT_CODES.usage);
      if (kind !== deployment && kind !== run) {
        throw new CliError(
          'cli.not-watchable',
          `watch follows deployments and runs; for others: muster get ${kind.plural} --watch`,
          EXIT_CODES.usage,
        );
      }
      const show = { format: options.output, timeoutSeconds: options.timeout, signal: terminal.interruption() };
      const exitCode = await withClient(
        command,
        terminal,
        async (client) =>
          kind === run
            ? showRun(client, name, terminal, show)
            : deploymentExitCode(await showDeployment(client, name, terminal, show)),
        { patienceSeconds: 300, signal: show.signal },
      );
      if (exitCode !== EXIT_CODES.ok) throw new SilentExit(exitCode);
    });
}
