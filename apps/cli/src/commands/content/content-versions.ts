import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type {
  DeletedVersion,
  FileChange,
  PackageVersionList,
  VersionDifference,
} from '@muster/contracts/kinds/package-versions.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { contentKind, parseContent } from '../../content/content-name.js';
import { age, byteSize } from '../../output/age.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, listOutputOption, wholeNumber } from '../arguments.js';

const versionsHelp = `
Every upload of other files is a version that stays as it is. One that is "uploading" is not complete: upload the same files
again to go on.

Examples:
  muster content versions hello
  muster content versions os-image/debian-12
  muster content versions hello --limit 5 -o json`;

const diffHelp = `
What changed between two versions: files that came, went and changed, and how many bytes a place that has the earlier one needs
for the later one. SHARED counts bytes that the earlier version has too, in the same file or another.

Examples:
  muster content diff hello                    the newest version and the one before
  muster content diff hello --from 1 --to 3
  muster content diff hello --from 1 -o json`;

const deleteHelp = `
Points that have the version let go of it, and what no other version has goes from them and from the library after the grace period
(MUSTER_REMOVE_AFTER_MINUTES). Its number is not given again, and "muster content versions" goes on listing it as deleted. It is
refused while deployments tell devices of it, or did in the last MUSTER_KEEP_OLD_VERSIONS_HOURS, while runs go on that need it, and while a
Distribution brings it.

Examples:
  muster content delete-version hello 3 --dry-run=server
  muster content delete-version os-image/debian-12 1`;

/** Of many small files the site reads two packs before it answers. */
const patient = { timeoutSeconds: 300 };

type Version = PackageVersionList['items'][number];

/** `muster content versions|diff|delete-version`. */
export function registerContentVersions(content: Command, terminal: Terminal): void {
  content
    .command('versions')
    .description('list the versions of content, newest first')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--limit <number>', 'no more than the newest ones', wholeNumber(1, 1_000_000))
    .addOption(listOutputOption())
    .addHelpText('after', versionsHelp)
    .action(async (word: string, options: { output: 'table' | 'json'; limit?: number }, command: Command) => {
      const versions = address(parseContent(word));
      const found: Version[] = [];
      await withClient(command, terminal, async (client) => {
        const pageLimit = String(Math.min(options.limit ?? 100, 500));
        for await (const version of pages<Version>(client, versions, { limit: pageLimit })) {
          found.push(version);
          if (found.length === options.limit) return;
        }
      });
      if (options.output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      const now = new Date();
      const rows = found.map((one) => [
        String(one.version),
        one.state,
        String(one.files),
        byteSize(one.bytes),
        age(one.createdAt, now),
        one.author,
        one.manifest.slice(0, 'sha256:'.length + 12),
      ]);
      for (const line of formatTable(['VERSION', 'STATE', 'FILES', 'SIZE', 'AGE', 'AUTHOR', 'MANIFEST'], rows))
        terminal.out(line);
    });
  content
    .command('diff')
    .description('show what changed between two versions of content')
    .argument('<content>', 'name of a package, or kind/name')
    .option('--from <version>', 'the earlier one; default: the one before --to', wholeNumber(1, 2_147_483_647))
    .option('--to <version>', 'the later one; default: the newest that is complete', wholeNumber(1, 2_147_483_647))
    .addOption(listOutputOption())
    .addHelpText('after', diffHelp)
    .action(
      async (word: string, options: { output: 'table' | 'json'; from?: number; to?: number }, command: Command) => {
        const versions = address(parseContent(word));
        await withClient(command, terminal, async (client) => {
          const to = options.to ?? (await newestVersion(pages<Version>(client, versions, {})));
          const path = `${versions}/${to}/difference`;
          const query = { limit: '500', ...(options.from === undefined ? {} : { from: String(options.from) }) };
          const first = await client.json<VersionDifference>('GET', path, { query, ...patient });
          const items: FileChange[] = [];
          for await (const change of pages<FileChange>(client, path, query, patient)) items.push(change);
          if (options.output === 'json')
            return terminal.out(JSON.stringify({ ...first, metadata: {}, items }, null, 2));
          for (const line of differenceLines(first, items)) terminal.out(line);
        });
      },
    );
  registerDeleteVersion(content, terminal);
}

function registerDeleteVersion(content: Command, terminal: Terminal): void {
  content
    .command('delete-version')
    .description('delete one version of content that nobody needs any more')
    .argument('<content>', 'name of a package, or kind/name')
    .argument('<version>', 'number of the version', wholeNumber(1, 2_147_483_647))
    .addOption(dryRunOption())
    .addHelpText('after', deleteHelp)
    .action(async (word: string, version: number, options: { dryRun?: 'server' }, command: Command) => {
      const named = parseContent(word);
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, async (client) => {
        const path = `${address(named)}/${version}`;
        const query = dryRun ? { dryRun: 'true' } : {};
        const { files, bytes, points } = await client.json<DeletedVersion>('DELETE', path, { query });
        const places = points.length === 0 ? 'no point had it' : `it goes from ${points.join(', ')}`;
        terminal.out(
          `${objectName(named.kind, named.name)} version ${version} (${files} files, ${byteSize(bytes)}) deleted${dryRun ? ' (dry run)' : ''}; ${places}`,
        );
      });
    });
}

function differenceLines(difference: VersionDifference, items: readonly FileChange[]): string[] {
  const { files, bytes, bytesBefore, bytesShared, bytesToMove, from, to } = difference;
  const percent = bytes === 0 ? 0 : (bytesToMove / bytes) * 100;
  const lines = [
    `${objectName(difference.kind ?? 'Package', difference.package)} from version ${from} (${byteSize(bytesBefore)}) to ${to} (${byteSize(bytes)}): ` +
      `${files.added} files added, ${files.removed} removed, ${files.changed} changed, ${files.same} the same`,
    `shared: ${byteSize(bytesShared)}; to move: ${byteSize(bytesToMove)} (${percent.toFixed(1)} %)`,
  ];
  if (items.length === 0) return lines;
  const size = (value: number | undefined): string => (value === undefined ? '' : byteSize(value));
  const rows = items.map((one) => [
    one.change,
    one.path,
    size(one.bytesBefore),
    size(one.bytes),
    one.change === 'removed' ? '' : byteSize(one.bytesShared),
  ]);
  return [...lines, ...formatTable(['CHANGE', 'FILE', 'BEFORE', 'SIZE', 'SHARED'], rows)];
}

/** The newest complete version; where there is none, 1, of which the server then says that it is not there. */
async function newestVersion(versions: AsyncGenerator<Version>): Promise<number> {
  for await (const { version, state } of versions) if (state === 'available') return version;
  return 1;
}

function address(content: ContentReference): string {
  return `/api/v1/${contentKind(content).plural}/${encodeURIComponent(content.name)}/versions`;
}
