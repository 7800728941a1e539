import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CONTENT_WORDS, parseContent } from '../../content/content-name.js';
import { uploadPackage } from '../../content/upload-package.js';
import { byteSize } from '../../output/age.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import type { Terminal } from '../../terminal.js';
import { uploadLine } from '../../content/progress-text.js';
import { registerContentActs } from './content-act.js';
import { registerContentRemove } from './content-remove.js';
import { registerContentSources } from './content-sources.js';
import { registerContentStatus } from './content-status.js';
import { registerContentUses } from './content-uses.js';
import { registerDistribute } from './content-distribute.js';
import { registerContentPrestage } from './content-prestage.js';
import { registerContentVersions } from './content-versions.js';

const uploadHelp = `
${CONTENT_WORDS} It must exist (muster apply). Only what the site's library does not hold is sent; the same files again make no new
version. Of a large file what the newest version does not have is sent. An upload that was broken off goes on with the same command, and
shows nothing before it is complete. Links, devices, sockets and pipes are refused: content is plain files.

Examples:
  muster content upload hello packages/hello/
  muster content upload os-image/debian-12 debian-12.wim`;

/** `muster content …`. */
export function registerContent(program: Command, terminal: Terminal): void {
  const content = program
    .command('content')
    .description('upload content, bring it to distribution points, look after it there, and see who uses it');
  content
    .command('upload')
    .description('upload a folder or a file as a new version')
    .argument('<content>', 'name of a package, or kind/name')
    .argument('<path>', 'folder or file')
    .addHelpText('after', uploadHelp)
    .action(async (word: string, path: string, _options: object, command: Command) => {
      const { kind, name } = parseContent(word);
      const show = progressLine(terminal);
      await withClient(
        command,
        terminal,
        async (client) => {
          const done = await uploadPackage(client, name, path, {
            kind,
            onProgress: (progress) => show(uploadLine(name, progress), progress.phase === 'proving'),
            onNotice: (text) => terminal.error(text),
          });
          terminal.out(
            `${objectName(kind, name)} version ${done.version}: ${done.files} files, ${byteSize(done.bytes)}; sent ${done.filesSent} files, ${byteSize(done.bytesSent)}`,
          );
        },
        { patienceSeconds: 30 },
      );
    });
  registerDistribute(content, terminal);
  registerContentRemove(content, terminal);
  registerContentActs(content, terminal);
  registerContentStatus(content, terminal);
  registerContentSources(content, terminal);
  registerContentUses(content, terminal);
  registerContentVersions(content, terminal);
  registerContentPrestage(content, terminal);
}
