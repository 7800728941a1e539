import type { Command } from 'commander';
import { withClient } from '../api/open-client.js';
import { uploadPackage } from '../content/upload-package.js';
import { byteSize } from '../output/age.js';
import { objectName } from '../output/formats.js';
import { progressLine } from '../output/progress-line.js';
import type { Terminal } from '../terminal.js';
import { uploadLine } from '../content/progress-text.js';
import { registerContentCare } from './content-care.js';
import { registerDistribute } from './content-distribute.js';
import { registerContentPrestage } from './content-prestage.js';
import { registerContentVersions } from './content-versions.js';

const uploadHelp = `
The package must exist (muster apply). Only what the site's library does not hold is sent; the same files again make no new
version. Links, devices, sockets and pipes are refused: content is plain files.

Examples:
  muster content upload hello packages/hello/
  muster content upload debian-iso debian-12.iso`;

/** `muster content …`. */
export function registerContent(program: Command, terminal: Terminal): void {
  const content = program
    .command('content')
    .description('upload packages, bring them to distribution points, and look after them there');
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
            onNotice: (text) => terminal.error(text),
          });
          terminal.out(
            `${objectName('Package', name)} version ${done.version}: ${done.files} files, ${byteSize(done.bytes)}; sent ${done.filesSent} files, ${byteSize(done.bytesSent)}`,
          );
        },
        { patienceSeconds: 30 },
      );
    });
  registerDistribute(content, terminal);
  registerContentCare(content, terminal);
  registerContentVersions(content, terminal);
  registerContentPrestage(content, terminal);
}
