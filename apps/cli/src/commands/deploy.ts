import { randomUUID } from 'node:crypto';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { withClient } from '../api/open-client.js';
import { objectName } from '../output/formats.js';
import type { Terminal } from '../terminal.js';
import { dryRunOption } from './arguments.js';

const help = `
Required (the default): every device of the collection runs the sequence as soon as it hears of it.
Available: it runs where somebody on the device asks for it.

Examples:
  muster deploy harden-debian --to pilot
  muster deploy harden-debian --to pilot --name pilot-june --dry-run=server
  muster deploy office-tools --to all-laptops --available`;

interface DeployOptions {
  readonly to: string;
  readonly name?: string;
  readonly available?: boolean;
  readonly dryRun?: string;
}

/** `muster deploy SEQUENCE --to COLLECTION`. */
export function registerDeploy(program: Command, terminal: Terminal): void {
  program
    .command('deploy')
    .description('deploy a task sequence to a collection')
    .argument('<sequence>', 'name of the task sequence')
    .requiredOption('--to <collection>', 'name of the collection')
    .option('--name <name>', 'name of the deployment (default: SEQUENCE-to-COLLECTION)')
    .option('--available', 'offer it instead of requiring it')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (sequence: string, options: DeployOptions, command: Command) => {
      const name = options.name ?? deploymentName(sequence, options.to);
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, (client) =>
        client.create(
          deployment,
          {
            apiVersion: API_VERSION,
            kind: deployment.kind,
            metadata: { name },
            spec: { sequence, collection: options.to, purpose: options.available ? 'Available' : 'Required' },
          },
          randomUUID(),
          { dryRun, document: false },
        ),
      );
      terminal.out(`${objectName(deployment, name)} created${dryRun ? ' (dry run)' : ''}`);
      if (!dryRun) terminal.error(`watch it: muster watch deployment ${name}`);
    });
}

/** A name for the deployment, at most 63 characters. */
export function deploymentName(sequence: string, collection: string): string {
  return `${sequence}-to-${collection}`.slice(0, 63).replace(/-+$/, '');
}
