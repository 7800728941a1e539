import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { REVISED } from '../../api/revised.js';
import { documentDifference } from '../../difference/document-difference.js';
import { inApplyOrder } from '../../documents/order.js';
import { nameOf, printProblems, readDocuments } from '../../documents/read-documents.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { combineExitCodes, EXIT_CODES, type ExitCode } from '../../errors/exit-codes.js';
import { printError } from '../../errors/print-error.js';
import { objectName } from '../../output/formats.js';
import { safeText } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { collect, listOutputOption, revisedName, wholeNumber } from '../arguments.js';

const help = `
With -f: the server says what it would make of each document; nothing is changed. A document that refers to an object which
the same files would create is refused: apply that object first.
With --revision: what changed in a task sequence or an application from that revision to another one, or to the newest; node by node, place
by place: + added, - removed, > moved, ~ changed. Secrets are never shown.
Exit code 0: no difference, 1: differences.

Examples:
  muster diff -f hello-site.yaml
  muster diff -f sequences/
  muster diff harden-debian --revision 3
  muster diff app/editor --revision 1
  muster diff harden-debian --revision 3 --with 5 -o json`;

interface DiffOptions {
  readonly filename?: string[];
  readonly revision?: number;
  readonly with?: number;
  readonly output: 'table' | 'json';
}

/** `muster diff -f FILE`, `muster diff OBJECT --revision N [--with M]`. */
export function registerDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .description('show what apply would change, or what changed between revisions')
    .argument('[object]', 'task sequence, or app/NAME, whose revisions are compared')
    .option('-f, --filename <path>', 'file, folder or - ; may be given several times', collect)
    .option('--revision <number>', 'the older revision', wholeNumber(1, 2_000_000_000))
    .option('--with <number>', 'the newer revision (default: the newest)', wholeNumber(1, 2_000_000_000))
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (word: string | undefined, options: DiffOptions, command: Command) => {
      const different =
        word !== undefined && options.revision !== undefined && options.filename === undefined
          ? await diffRevisions(word, options.revision, options, command, terminal)
          : await diffDocuments(word, options, command, terminal);
      if (different) throw new SilentExit(EXIT_CODES.failed);
    });
}

async function diffRevisions(
  word: string,
  revision: number,
  options: DiffOptions,
  command: Command,
  terminal: Terminal,
): Promise<boolean> {
  const { kind, name } = revisedName(word);
  const found = await withClient(command, terminal, (client) =>
    REVISED[kind].compare(client, name, revision, options.with),
  );
  if (options.output === 'json') terminal.out(JSON.stringify(found, null, 2));
  else if (found.lines.length > 0) {
    terminal.out(`--- ${objectName(kind, name)} (revision ${found.from})`);
    terminal.out(`+++ ${objectName(kind, name)} (revision ${found.to})`);
    for (const line of found.lines) terminal.out(safeText(line));
  }
  return found.lines.length > 0;
}

async function diffDocuments(
  word: string | undefined,
  options: DiffOptions,
  command: Command,
  terminal: Terminal,
): Promise<boolean> {
  const { filename } = options;
  if (filename === undefined || word !== undefined || options.revision !== undefined || options.with !== undefined) {
    throw new CliError('cli.what-to-compare', 'give either -f FILE, or OBJECT --revision N', EXIT_CODES.usage);
  }
  const read = await readDocuments(filename, terminal);
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
  return different;
}
