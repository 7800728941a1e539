import type { Command } from 'commander';
import { explainDevice } from '../../api/device-explanations.js';
import { withClient } from '../../api/open-client.js';
import { deviceExplanationLines } from '../../output/device-explanation-lines.js';
import { safeText } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
With a file: which steps would run on this computer (muster explain FILE --help). With --device: what a site means for that device:
what is deployed to it and whether it is told; every variable with the value that wins and those that lose, by the engine that runs
on the device; and with --deployment the fate of each step, with the facts that the device last told, and from which distribution
points each content item would come, best first, with the reason. Hidden values are masked.

Examples:
  muster explain harden.yaml
  muster explain --device web-1
  muster explain --device web-1 --deployment harden-to-pilot
  muster explain --device web-1 -o json`;

/** `muster explain --device NAME`. With a file runCli hands the command to the agent's own program. */
export function registerExplain(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('say which steps would run on this computer, or what applies to a device of a site, and why')
    .argument('[file]', 'a task sequence, for this computer')
    .requiredOption('--device <name>', 'a device of the site')
    .option('--deployment <name>', 'say the fate of each of its steps')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(
      async (
        file: string | undefined,
        options: { device: string; deployment?: string; output: 'table' | 'json' },
        command: Command,
      ) => {
        if (file !== undefined)
          program.error('error: cli.usage: give a FILE for this computer, or --device for a device of the site', {
            exitCode: 2,
          });
        const explained = await withClient(command, terminal, (client) =>
          explainDevice(client, options.device, options.deployment),
        );
        if (options.output === 'json') terminal.out(JSON.stringify(explained, null, 2));
        else for (const line of deviceExplanationLines(explained)) terminal.out(safeText(line));
      },
    );
}
