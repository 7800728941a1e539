import { collection, type CollectionSpec, type CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { explainMember, listMembers, previewMembers } from '../../api/collections.js';
import { withClient } from '../../api/open-client.js';
import { readDocuments } from '../../documents/read-documents.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { explanationLines, previewLines } from '../../output/collection-lines.js';
import { addCollectionCopy } from './collection-copy.js';
import { addCollectionDelete } from './collection-delete.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const membersHelp = `
Those of the site that is asked; of sites below it the numbers are told.

Examples:
  muster collection members web-servers
  muster collection members web-servers -o json`;

const explainHelp = `
Says which rule decides: a rule must let the device in, it must be in the limiting collection, and no excluded collection may
have it. Exit code 0 when the device is a member, 1 when it is not.

Examples:
  muster collection explain web-servers web-1`;

const previewHelp = `
Asks the site who would be in if the file were applied, and who would enter and leave. Nothing is changed.

Examples:
  muster collection preview -f web-servers.yaml
  muster collection preview -f web-servers.yaml --device web-1     why web-1 would be in, or would not
  muster collection preview -f web-servers.yaml -o json`;

/** `muster collection members|explain|preview|copy|delete`. */
export function registerCollection(program: Command, terminal: Terminal): void {
  const commands = program
    .command('collection')
    .description('who is in a collection, who would be, and why; copy and delete them');
  commands
    .command('members')
    .description('list the devices in a collection')
    .argument('<collection>', 'name of the collection')
    .addOption(listOutputOption())
    .addHelpText('after', membersHelp)
    .action(async (name: string, options: { output: 'table' | 'json' }, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const members = [];
        for await (const member of listMembers(client, name)) {
          if (options.output === 'json') members.push(member);
          else terminal.out(member.name);
        }
        if (options.output === 'json') terminal.out(JSON.stringify(members, null, 2));
        const { status } = await client.json<Resource<CollectionSpec, CollectionStatus>>(
          'GET',
          `/api/v1/${collection.plural}/${encodeURIComponent(name)}`,
        );
        for (const { site, members: count } of status.sites ?? [])
          if (count > 0)
            terminal.error(`note: ${count} more at site ${site}: muster --site ${site} collection members ${name}`);
      });
    });
  commands
    .command('explain')
    .description('say why a device is in a collection, or is not')
    .argument('<collection>', 'name of the collection')
    .argument('<device>', 'name of the device')
    .addOption(listOutputOption())
    .addHelpText('after', explainHelp)
    .action(async (name: string, device: string, options: { output: 'table' | 'json' }, command: Command) => {
      const explanation = await withClient(command, terminal, (client) => explainMember(client, name, device));
      if (options.output === 'json') terminal.out(JSON.stringify(explanation, null, 2));
      else for (const line of explanationLines(explanation)) terminal.out(line);
      if (!explanation.member) throw new SilentExit(EXIT_CODES.failed);
    });
  addCollectionCopy(commands, terminal);
  addCollectionDelete(commands, terminal);
  commands
    .command('preview')
    .description('say who would be in a collection, before it is applied')
    .requiredOption('-f, --file <file>', 'document of the collection; - for standard input')
    .option('--device <name>', 'say of this device why it would be in, or would not')
    .addOption(listOutputOption())
    .addHelpText('after', previewHelp)
    .action(async (options: { file: string; device?: string; output: 'table' | 'json' }, command: Command) => {
      const { name, spec } = await readCollection(options.file, terminal);
      const preview = await withClient(command, terminal, (client) =>
        previewMembers(client, name, spec, options.device),
      );
      if (options.output === 'json') terminal.out(JSON.stringify({ collection: name, ...preview }, null, 2));
      else for (const line of previewLines(name, preview)) terminal.out(line);
    });
}

/** The one collection of a file. The server checks its rules. */
async function readCollection(file: string, terminal: Terminal): Promise<{ name: string; spec: CollectionSpec }> {
  const { documents, problems } = await readDocuments([file], terminal);
  for (const problem of problems) terminal.error(problem);
  const [only] = documents;
  if (problems.length > 0 || documents.length !== 1 || only?.kind !== collection) {
    throw new CliError(
      'cli.not-a-collection',
      `${file} must hold one document of the kind Collection, and nothing else`,
      EXIT_CODES.invalidDocument,
    );
  }
  return { name: only.input.metadata.name, spec: only.input.spec as CollectionSpec };
}
