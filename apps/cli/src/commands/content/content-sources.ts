import type { ContentSources } from '@muster/contracts/kinds/content-sources.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { contentKind, parseContent } from '../../content/content-name.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
The distribution points that a device with this address is sent to for the content, best first, each with the reason, and the
points that have it and are not offered.

Examples:
  muster content sources hello --address 10.1.2.3
  muster content sources hello --address 2001:db8::7 -o json`;

/** `muster content sources`. */
export function registerContentSources(content: Command, terminal: Terminal): void {
  content
    .command('sources')
    .description('show where a device would get content, and why')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--address <ip>', 'address of the device; default: not known')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (word: string, options: { address?: string; output: 'table' | 'json' }, command: Command) => {
      await withClient(command, terminal, async (client) => {
        const content = parseContent(word);
        const { plural } = contentKind(content);
        const path = `/api/v1/${plural}/${encodeURIComponent(content.name)}/sources`;
        const found = await client.json<ContentSources>('GET', path, {
          query: { address: options.address },
        });
        if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
        terminal.out(
          `version ${found.version} of ${objectName(content.kind, content.name)}; current boundary groups: ${found.groups.join(', ') || 'none'}`,
        );
        const rows = [
          ...found.sources.map(({ point, reason }, index) => [String(index + 1), point, reason]),
          ...found.leftOut.map(({ point, reason }) => ['not', point, reason]),
        ];
        for (const line of formatTable(['ORDER', 'POINT', 'WHY'], rows)) terminal.out(line);
      });
    });
}
