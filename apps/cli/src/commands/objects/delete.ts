import type { Kind } from '@muster/contracts/resource.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { refuseWhenUsed } from '../../authoring/refuse-when-used.js';
import { inDeleteOrder } from '../../documents/order.js';
import { printProblems, readDocuments } from '../../documents/read-documents.js';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { combineExitCodes, EXIT_CODES, type ExitCode } from '../../errors/exit-codes.js';
import { printError } from '../../errors/print-error.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption, parseObjects } from '../arguments.js';

const help = `
With -f the objects of the documents are deleted in the reverse order of their references. A task sequence, content or
an application that something still names is not deleted: who that is is listed. --force deletes it all the same; what names it
is then shown as having dangling references, and deployments of it are blocked.

Examples:
  muster delete deployment hello-site
  muster delete collections pilot broad
  muster delete -f hello-site.yaml --ignore-not-found
  muster delete ts/common-hardening --force
  muster delete device web-01 --dry-run=server`;

interface DeleteOptions {
  readonly filename?: string[];
  readonly dryRun?: string;
  readonly ignoreNotFound?: boolean;
  readonly force?: boolean;
}

interface Doomed {
  readonly kind: Kind;
  readonly name: string;
}

/** `muster delete KIND NAME…|-f FILE`. */
export function registerDelete(program: Command, terminal: Terminal): void {
  program
    .command('delete')
    .description('delete objects')
    .argument('[kind]', 'kind, or kind/name')
    .argument('[names...]', 'names')
    .option('-f, --filename <path>', 'delete what the documents of a file, folder or - name', collect)
    .option('--ignore-not-found', 'an object that is gone already is no failure')
    .option('--force', 'also what something still names')
    .addOption(dryRunOption())
    .addHelpText('after', help)
    .action(async (first: string | undefined, rest: string[], options: DeleteOptions, command: Command) => {
      const { doomed, broken } = await chooseDoomed(first, rest, options, terminal);
      const failures = await withClient(command, terminal, async (client) => {
        const codes: ExitCode[] = [];
        if (!options.force) {
          const guarded = doomed.filter(({ kind }) => kind.guardsUses);
          const going = new Set(doomed.map(({ kind, name }) => objectName(kind, name)));
          await refuseWhenUsed(client, guarded, going, 'let it name something else, or delete with --force');
        }
        for (const { kind, name } of doomed) {
          try {
            if (!kind.verbs.includes('delete')) throw readOnly(kind);
            // Who still uses it was asked above, of all of them together.
            await client.remove(kind, name, { dryRun: options.dryRun !== undefined, force: true });
            terminal.out(`${objectName(kind, name)} deleted${options.dryRun === undefined ? '' : ' (dry run)'}`);
          } catch (error) {
            if (!(error instanceof CliError)) throw error;
            if (options.ignoreNotFound && error.exitCode === EXIT_CODES.notFound) continue;
            printError(terminal, error, objectName(kind, name));
            codes.push(error.exitCode);
          }
        }
        return codes;
      });
      const all = broken ? [...failures, EXIT_CODES.invalidDocument] : failures;
      if (all.length === 0) return;
      throw new SilentExit(failures.length < doomed.length ? EXIT_CODES.failed : combineExitCodes(all));
    });
}

async function chooseDoomed(
  first: string | undefined,
  rest: readonly string[],
  { filename }: DeleteOptions,
  terminal: Terminal,
): Promise<{ doomed: Doomed[]; broken: boolean }> {
  if ((first === undefined) === (filename === undefined))
    throw new CliError('cli.what-to-delete', 'name either KIND NAME… or -f FILE', EXIT_CODES.usage);
  if (first === undefined) {
    const read = await readDocuments(filename ?? [], terminal);
    const broken = printProblems(terminal, read);
    return {
      doomed: inDeleteOrder(read.documents).map(({ kind, input }) => ({ kind, name: input.metadata.name })),
      broken,
    };
  }
  const { kind, names } = parseObjects(first, rest);
  if (names.length === 0) throw new CliError('cli.name-missing', `which ${kind.singular}?`, EXIT_CODES.usage);
  return { doomed: names.map((name) => ({ kind, name })), broken: false };
}

function readOnly(kind: Kind): CliError {
  return new CliError(
    'cli.read-only-kind',
    `${kind.kind} objects are made by the site itself and cannot be deleted`,
    EXIT_CODES.usage,
  );
}
