import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { applyDocuments } from '../../apply/apply-documents.js';
import { printProblems, readDocuments } from '../../documents/read-documents.js';
import { SilentExit } from '../../errors/cli-error.js';
import { combineExitCodes, EXIT_CODES } from '../../errors/exit-codes.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption } from '../arguments.js';

const help = `
Applies every document in the order of their references, whatever their order in the files: Package, DistributionPoint,
Distribution, Collection, TaskSequence, Deployment. Goes on behind a document that is refused. Applying again changes nothing.

Examples:
  muster apply -f hello-site.yaml
  muster apply -f sequences/ -f collections.yaml
  muster apply -f harden.yaml --comment 'CHG-1234: no more telnet'
  muster apply -f hello-site.yaml --dry-run=server
  generate-sequence | muster apply -f -`;

/** `muster apply -f FILE|DIR|-`. */
export function registerApply(program: Command, terminal: Terminal): void {
  program
    .command('apply')
    .description('create or change objects as documents say')
    .requiredOption('-f, --filename <path>', 'file, folder or - ; may be given several times', collect)
    .option('--comment <text>', 'why; kept with the revisions of task sequences and applications')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (options: { filename: string[]; dryRun?: string; comment?: string }, command: Command) => {
      const read = await readDocuments(options.filename, terminal);
      const broken = printProblems(terminal, read);
      const failures = await withClient(command, terminal, (client) =>
        applyDocuments(client, read.documents, terminal, options.dryRun !== undefined, options.comment),
      );
      const all = broken ? [...failures, EXIT_CODES.invalidDocument] : failures;
      if (all.length === 0) return;
      throw new SilentExit(failures.length < read.documents.length ? EXIT_CODES.failed : combineExitCodes(all));
    });
}
