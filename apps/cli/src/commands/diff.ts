import type { Command } from 'commander';
import { withClient } from '../api/open-client.js';
import { documentDifference } from '../difference/document-difference.js';
import { inApplyOrder } from '../documents/order.js';
import { nameOf, printProblems, readDocuments } from '../documents/read-documents.js';
import { CliError, SilentExit } from '../errors/cli-error.js';
import { combineExitCodes, EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { printError } from '../errors/print-error.js';
import { safeText } from '../output/safe-text.js';
import type { Terminal } from '../terminal.js';
import { collect } from './arguments.js';

const help = `
The server says what it would make of each document; nothing is changed. Exit code 0: no difference, 1: differences.
A document that refers to an object which the same files would create is refused: apply that object first.

Examples:
  muster diff -f hello-site.yaml
  muster diff -f sequences/`;

/** `muster diff -f FILE`. */
export function registerDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .description('show what apply would change')
    .requiredOption('-f, --filename <path>', 'file, folder or - ; may be given several times', collect)
    .addHelpText('after', help)
    .action(async (options: { filename: string[] }, command: Command) => {
      const read = await readDocuments(options.filename, terminal);
      const failures: ExitCode[] = printProblems(terminal, read) ? [EXIT_CODES.invalidDocument] : [];
      let different = false;
      await withClient(command, terminal, async (client) => {
        for (const document of inApplyOrder(read.documents)) {
          try {
            const lines = await documentDifference(client, document);
            if (lines.length === 0) continue;
            different = true;
            terminal.out(`--- ${nameOf(document)} (site)`);
            terminal.out(`+++ ${nameOf(document)} (${document.place})`);
            for (const line of lines) terminal.out(safeText(line));
          } catch (error) {
            if (!(error instanceof CliError)) throw error;
            printError(terminal, error, `${nameOf(document)} (${document.place})`, document.placeOf);
            failures.push(error.exitCode);
          }
        }
      });
      if (failures.length > 0) throw new SilentExit(combineExitCodes(failures));
      if (different) throw new SilentExit(EXIT_CODES.failed);
    });
}
