import type { Command } from 'commander';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, contentKind } from '../../content/content-name.js';
import { awaitDistribution, distributeContent, findDistribution } from '../../content/distribute-content.js';
import { pointsOf } from '../../content/find-destinations.js';
import { distributionLine } from '../../content/progress-text.js';
import { wantedContent } from '../../content/wanted-content.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { byteSize } from '../../output/age.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import { exportContent } from '../../prestage/export-content.js';
import { importAtPoint, importIntoLibrary, makeMissing } from '../../prestage/import-content.js';
import { type PrestagedArchive, readArchive } from '../../prestage/read-archive.js';
import type { Terminal } from '../../terminal.js';

const prestageHelp = `
For places behind slow lines: writes the newest complete versions of packages, images and so on into one file, to be carried to a distribution point
("import"). The file is a tar of lists of files and blobs; it is not encrypted, and everything in it is verified when it is
imported. When it is broken off, the same command goes on where it was. ${CONTENT_WORDS} app/NAME means the packages
of an application and of what it needs; --sequence everything that the sequence and its children refer to.

Examples:
  muster content prestage os-image/debian-12 drivers --out branch.tar
  muster content prestage --sequence install-debian --out branch.tar
  muster content prestage import branch.tar --point berlin
  muster --context other-site content prestage import branch.tar --library`;

const importHelp = `
--point: at a distribution point of the site that made the file. Every blob is verified before it is sent and proven where it arrives;
what the point has already is not sent. Then the point is added to the distribution of each content, which finds everything there.
--library: into the library of another site. What is not there is made as it was where the file was written.
When it is broken off, the same command goes on where it was.

Examples:
  muster content prestage import branch.tar --point berlin
  muster content prestage import branch.tar --point berlin --no-distribute
  muster content prestage import branch.tar --library`;

type PrestagedVersion = PrestagedArchive['contents'][number];

interface ImportOptions {
  readonly point?: string;
  readonly library?: boolean;
  readonly distribute: boolean;
}

/** `muster content prestage` and `muster content prestage import`. */
export function registerContentPrestage(content: Command, terminal: Terminal): void {
  const prestage = content
    .command('prestage')
    .description('carry content to a distribution point in a file')
    .argument('[content...]', 'packages by their names, others as kind/name')
    .option('--sequence <name>', 'everything that this task sequence refers to')
    .option('--out <file>', 'the file to write')
    .addHelpText('after', prestageHelp)
    .action(async (words: string[], { out, sequence }: { out?: string; sequence?: string }, command: Command) => {
      // Not a required option: "import" below would require it too.
      if (out === undefined) throw new CliError('cli.usage', 'say which file to write: --out FILE', EXIT_CODES.usage);
      if (words.length === 0 && sequence === undefined)
        throw new CliError('cli.usage', 'name content, or a sequence with --sequence', EXIT_CODES.usage);
      const show = progressLine(terminal);
      await withClient(command, terminal, async (client) => {
        const wanted = (await wantedContent(client, words, sequence, terminal)).map(({ content: one }) => one);
        if (wanted.length === 0)
          throw new CliError('content.not-there', 'there is no content to write', EXIT_CODES.notFound);
        const done = await exportContent(client, wanted, out, (bytesDone, bytes) =>
          show(`writing ${out}: ${byteSize(bytesDone)} of ${byteSize(bytes)}`),
        );
        for (const { kind, name, version, files } of done.versions)
          terminal.out(`${objectName(kind, name)} version ${version}: ${files.files.length} files`);
        const resumed = done.resumedBytes > 0 ? `, ${byteSize(done.resumedBytes)} of it from before` : '';
        terminal.out(`${out}: ${byteSize(done.bytes)}${resumed}`);
      });
    });
  prestage
    .command('import')
    .description('bring the content of a file to a distribution point, or into the library')
    .argument('<file>', 'a prestaged content file')
    .option('--point <point>', 'the distribution point')
    .option('--library', 'into the library of the site')
    .option('--no-distribute', 'do not add the point to the distributions')
    .addHelpText('after', importHelp)
    .action(async (file: string, options: ImportOptions, command: Command) => {
      if ((options.point === undefined) === (options.library === undefined))
        throw new CliError('cli.usage', 'say where to: either --point POINT or --library', EXIT_CODES.usage);
      const archive = await readArchive(file);
      const show = progressLine(terminal);
      await withClient(
        command,
        terminal,
        async (client) => {
          for (const one of archive.contents) {
            const onProgress = (bytesDone: number, bytes: number): void =>
              show(`importing ${one.name}: ${byteSize(bytesDone)} of ${byteSize(bytes)}`);
            const what = objectName(one.kind, one.name);
            if (options.point === undefined) {
              if (await makeMissing(client, one)) terminal.out(`${what} created`);
              const { version, blobsSent, bytesSent } = await importIntoLibrary(client, archive, one, onProgress);
              terminal.out(
                `${what} version ${version} is in the library; sent ${blobsSent} blobs, ${byteSize(bytesSent)}`,
              );
              continue;
            }
            const { blobsSent, bytesSent } = await importAtPoint(client, archive, one, options.point, onProgress);
            terminal.out(
              `${what} version ${one.version} is proven at ${options.point}; sent ${blobsSent} blobs, ${byteSize(bytesSent)}`,
            );
            if (options.distribute) await bringTheRest(client, one, options.point, terminal, show);
          }
        },
        { patienceSeconds: 30 },
      );
    });
}

/** Adds the point to the distribution, unless it is brought there already, and waits for what is not in the file. */
async function bringTheRest(
  client: ApiClient,
  { kind, name, version: carried }: PrestagedVersion,
  point: string,
  terminal: Terminal,
  show: (text: string) => void,
): Promise<void> {
  const content = { kind, name };
  const what = objectName(kind, name);
  const { newestVersion = carried } = (await client.get(contentKind(content), name)).status;
  if (newestVersion !== carried)
    terminal.error(`${what} has version ${newestVersion} by now: what that has more comes over the line`);
  const { points = [], groups = [] } = (await findDistribution(client, content))?.spec ?? {};
  if (!(await pointsOf(client, points, groups)).includes(point))
    await distributeContent(client, content, { points: [point] });
  const version = await awaitDistribution(client, content, [point], {
    onProgress: (progress) => show(distributionLine(name, progress)),
  });
  terminal.out(`version ${version} of ${what} is available on ${point}`);
}
