import { randomUUID } from 'node:crypto';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import type { ApiClient, WriteWish } from '../../api/api-client.js';
import { getRevision, type SequenceResource } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { refuseWhenUsed } from '../../authoring/refuse-when-used.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, sequenceName, wholeNumber } from '../arguments.js';

const copyHelp = `
The copy has the same steps, variables, labels and folder, and revisions of its own from 1 on.

Examples:
  muster copy harden-debian harden-ubuntu
  muster copy harden-debian harden-debian-old --revision 3`;

const renameHelp = `
The same as a copy and a delete: revisions begin anew with 1. Refused while another sequence or a deployment names the old one.
Only what people see can be changed with less: metadata.displayName, with muster apply.

Example:
  muster rename harden-debian harden-linux`;

interface CopyOptions {
  readonly comment?: string;
  readonly dryRun?: string;
}

/** `muster copy SEQUENCE NEW-NAME`. */
export function registerCopy(program: Command, terminal: Terminal): void {
  program
    .command('copy')
    .description('copy a task sequence')
    .argument('<sequence>', 'name of the task sequence', sequenceName)
    .argument('<name>', 'name of the copy', sequenceName)
    .option('--revision <number>', 'copy an old revision', wholeNumber(1, 2_000_000_000))
    .option('--comment <text>', 'why; kept with the first revision of the copy')
    .addOption(dryRunOption())
    .addHelpText('after', copyHelp)
    .action(async (from: string, to: string, options: CopyOptions & { revision?: number }, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        const source = await client.get(taskSequence, from);
        const { revision = source.status.revision } = options;
        const { spec } = options.revision === undefined ? source : await getRevision(client, from, revision);
        const comment = options.comment ?? `Copied from ${from}, revision ${revision}`;
        await createCopy(client, { ...source, spec }, to, { dryRun, comment });
      });
      terminal.out(`${objectName(taskSequence, to)} created${dryRun ? ' (dry run)' : ''}`);
    });
}

/** `muster rename SEQUENCE NEW-NAME`. */
export function registerRename(program: Command, terminal: Terminal): void {
  program
    .command('rename')
    .description('give a task sequence another name')
    .argument('<sequence>', 'name of the task sequence', sequenceName)
    .argument('<name>', 'its new name', sequenceName)
    .option('--comment <text>', 'why; kept with the first revision under the new name')
    .addOption(dryRunOption())
    .addHelpText('after', renameHelp)
    .action(async (from: string, to: string, options: CopyOptions, command: Command) => {
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        const source = await client.get(taskSequence, from);
        await refuseWhenUsed(
          client,
          [{ kind: taskSequence, name: from }],
          new Set(),
          'let it name another sequence first',
        );
        const comment = options.comment ?? `Renamed from ${from}, revision ${source.status.revision}`;
        await createCopy(client, source, to, { dryRun, comment });
        try {
          await client.remove(taskSequence, from, { dryRun, ifMatch: source.metadata.resourceVersion });
        } catch (error) {
          // Somebody changed it meanwhile, and the copy does not have that.
          if (!dryRun) await client.remove(taskSequence, to, { force: true });
          throw error;
        }
      });
      terminal.out(`${objectName(taskSequence, from)} renamed to ${to}${dryRun ? ' (dry run)' : ''}`);
    });
}

async function createCopy(client: ApiClient, source: SequenceResource, name: string, wish: WriteWish): Promise<void> {
  const { displayName, folder, labels } = source.metadata;
  const document: ResourceInput = {
    apiVersion: API_VERSION,
    kind: taskSequence.kind,
    metadata: { name, displayName, folder, labels },
    spec: source.spec,
  };
  await client.create(taskSequence, document, randomUUID(), { ...wish, document: false });
}
