import { device } from '@muster/contracts/kinds/device.js';
import { run } from '@muster/contracts/kinds/run.js';
import type { RunStopAnswer, RunStopRequest } from '@muster/contracts/kinds/run-stop.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption } from '../arguments.js';

const help = `
The step at hand ends by itself, the next one never begins, and the run has failed with run.stopped. Agents that are connected hear of it within
seconds, others at their next poll. It keeps nobody from starting the deployment again: muster deployment stop does.

Examples:
  muster get runs
  muster stop db-1-20261127t010203 --reason "wrong disk"
  muster stop --device db-1`;

interface StopOptions {
  readonly device?: string;
  readonly reason?: string;
  readonly dryRun?: 'server';
}

/** `muster stop RUN…` and `muster stop --device NAME`. */
export function registerStop(program: Command, terminal: Terminal): void {
  program
    .command('stop')
    .description('end runs behind their step at hand')
    .argument('[runs...]', 'names of runs')
    .option('--device <device>', 'all runs of this device')
    .option('--reason <text>', 'why; kept with the runs and in the audit')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (names: string[], { device: name, reason, dryRun }: StopOptions, command: Command) => {
      if (names.length > 0 === (name !== undefined))
        throw new CliError('cli.usage', 'say which runs, or --device NAME for all of a device', EXIT_CODES.usage);
      const why = reason === undefined ? {} : { reason };
      const said = dryRun === undefined ? '' : ' (server dry run)';
      await withClient(command, terminal, async (client) => {
        for (const one of names) {
          await stopRuns(client, { run: one, ...why }, dryRun !== undefined);
          terminal.out(`${objectName(run, one)} is told to end behind its step at hand${said}`);
        }
        if (name === undefined) return;
        const { count } = await stopRuns(client, { device: name, ...why }, dryRun !== undefined);
        terminal.out(`${objectName(device, name)}: ${runsText(count)} told to end${said}`);
      });
    });
}

/** Asks the site for the end of runs. */
export async function stopRuns(client: ApiClient, request: RunStopRequest, dryRun: boolean): Promise<RunStopAnswer> {
  const query = { dryRun: dryRun ? 'true' : undefined };
  return client.json('POST', `/api/v1/${run.plural}/-/stop`, { query, body: request, repeatable: true });
}

/** How many runs, with their verb. */
export function runsText(count: number): string {
  return count === 1 ? '1 run is' : `${count} runs are`;
}
