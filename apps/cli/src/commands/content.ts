import type { Command } from 'commander';
import { withClient } from '../api/open-client.js';
import { awaitDistribution, distributePackage } from '../content/distribute-package.js';
import { uploadPackage } from '../content/upload-package.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { byteSize } from '../output/age.js';
import { objectName } from '../output/formats.js';
import { progressLine } from '../output/progress-line.js';
import type { Terminal } from '../terminal.js';
import { collect } from './arguments.js';
import { distributionLine, uploadLine } from '../content/progress-text.js';

const uploadHelp = `
The package must exist (muster apply). Only what the site's library does not hold is sent; the same files again make no new
version. Links, devices, sockets and pipes are refused: content is plain files.

Examples:
  muster content upload hello packages/hello/
  muster content upload debian-iso debian-12.iso`;

const distributeHelp = `
Examples:
  muster content distribute hello --to local
  muster content distribute hello --to berlin --to paris --no-wait`;

/** `muster content upload|distribute`. */
export function registerContent(program: Command, terminal: Terminal): void {
  const content = program.command('content').description('upload packages and bring them to distribution points');
  content
    .command('upload')
    .description('upload a folder or a file as a new version of a package')
    .argument('<package>', 'name of the package')
    .argument('<path>', 'folder or file')
    .addHelpText('after', uploadHelp)
    .action(async (name: string, path: string, _options: object, command: Command) => {
      const show = progressLine(terminal);
      await withClient(
        command,
        terminal,
        async (client) => {
          const done = await uploadPackage(client, name, path, {
            onProgress: (progress) => show(uploadLine(name, progress)),
          });
          terminal.out(
            `${objectName('Package', name)} version ${done.version}: ${done.files} files, ${byteSize(done.bytes)}; sent ${done.filesSent} files, ${byteSize(done.bytesSent)}`,
          );
        },
        { patienceSeconds: 30 },
      );
    });
  content
    .command('distribute')
    .description('bring the newest version of a package to distribution points')
    .argument('<package>', 'name of the package')
    .requiredOption('--to <point>', 'distribution point; may be given several times', collect)
    .option('--no-wait', 'do not wait until the points hold it')
    .addHelpText('after', distributeHelp)
    .action(async (name: string, options: { to: string[]; wait: boolean }, command: Command) => {
      const show = progressLine(terminal);
      await withClient(
        command,
        terminal,
        async (client) => {
          const outcome = await distributePackage(client, name, options.to);
          terminal.out(`${objectName('Distribution', name)} ${outcome}`);
          if (!options.wait) return;
          const version = await awaitDistribution(client, name, options.to, {
            onProgress: (points) => show(distributionLine(name, points)),
          });
          if (version === undefined) {
            throw new CliError(
              'content.no-version',
              `package "${name}" has no content yet: upload it with "muster content upload ${name} FOLDER"`,
              EXIT_CODES.failed,
            );
          }
          terminal.out(`version ${version} of ${objectName('Package', name)} is available on ${options.to.join(', ')}`);
        },
        { patienceSeconds: 30 },
      );
    });
}
