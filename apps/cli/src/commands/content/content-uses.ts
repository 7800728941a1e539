import { application } from '@muster/contracts/kinds/application.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, parseUsed } from '../../content/content-name.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
${CONTENT_WORDS} app/NAME is an application.

Task sequences and applications are those that name it themselves; deployments are those whose devices are told of it,
through child sequences, dependencies and superseded applications too. What is not there has users when something names it.

Examples:
  muster content uses hello
  muster content uses os-image/debian-12
  muster content uses app/editor -o json`;

/** `muster content uses`. */
export function registerContentUses(content: Command, terminal: Terminal): void {
  content
    .command('uses')
    .description('show who names content or an application: task sequences, applications, deployments, distributions')
    .argument('<content>', 'name of a package, or kind/name')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (word: string, options: { output: 'table' | 'json' }, command: Command) => {
      const used = parseUsed(word);
      await withClient(command, terminal, async (client) => {
        const uses = await readUses(client, used);
        if (options.output === 'json') return terminal.out(JSON.stringify(uses, null, 2));
        const rows = usesRows(uses);
        if (rows.length === 0) return terminal.error(`nothing uses ${objectName(used.kind, used.name)}`);
        for (const line of formatTable(['USED BY', 'WHERE'], rows)) terminal.out(line);
      });
    });
}

/** Who names content or an application. */
export function readUses(client: ApiClient, { kind, name }: ReturnType<typeof parseUsed>): Promise<ContentUses> {
  const { plural } = kind === 'Application' ? application : CONTENT_RESOURCES[kind];
  return client.json('GET', `/api/v1/${plural}/${encodeURIComponent(name)}/uses`);
}

/** One row for each user; a last one for those that are not named. Pure. */
export function usesRows({ sequences, applications, deployments, distributions }: ContentUses): string[][] {
  const more = [sequences, applications, deployments, distributions].some((list) => list.more);
  return [
    ...sequences.items.map(({ sequence, path, disabled }) => [
      objectName('TaskSequence', sequence),
      `node "${path}"${disabled ? ', disabled' : ''}`,
    ]),
    ...applications.items.map(({ application: name, how, deploymentType }) => [
      objectName('Application', name),
      deploymentType === undefined ? how : `${how} of "${deploymentType}"`,
    ]),
    ...deployments.items.map((name) => [objectName('Deployment', name), 'tells devices of it']),
    ...distributions.items.map((name) => [objectName('Distribution', name), 'brings it to points']),
    ...(more ? [['…', 'and more']] : []),
  ];
}
