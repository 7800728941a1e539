import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '@muster/contracts/resource.js';
import type { ApiClient, WriteWish } from '../api/api-client.js';
import { inApplyOrder } from '../documents/order.js';
import { nameOf, type WrittenDocument } from '../documents/read-documents.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { printError } from '../errors/print-error.js';
import type { Terminal } from '../terminal.js';

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

/** Creates or replaces one object and says which it was. Throws what the server refuses. */
export async function applyDocument(
  client: ApiClient,
  { kind, input }: Pick<WrittenDocument, 'kind' | 'input'>,
  wish: WriteWish = {},
): Promise<ApplyOutcome> {
  if (!kind.verbs.includes('apply')) {
    throw new CliError(
      'document.read-only-kind',
      `${kind.kind} objects are made by the site itself and cannot be applied`,
      EXIT_CODES.invalidDocument,
    );
  }
  const before = await client.find(kind, input.metadata.name);
  const after = await client.apply(kind, input, wish);
  if (before === undefined || before.metadata.uid !== after.metadata.uid) return 'created';
  return sameWishes(before, after) ? 'unchanged' : 'configured';
}

/** Status moves by itself, so the version says nothing of what a user changed. */
function sameWishes(before: Resource, after: Resource): boolean {
  const wishes = ({ metadata: { generation, displayName, folder, labels } }: Resource) => ({
    generation,
    displayName,
    folder,
    labels: labels ?? {},
  });
  return isDeepStrictEqual(wishes(before), wishes(after));
}

/**
 * Applies documents in the order of their references, goes on behind failures, and prints a line for each.
 *
 * @returns the exit codes of those that failed
 */
export async function applyDocuments(
  client: ApiClient,
  documents: readonly WrittenDocument[],
  terminal: Terminal,
  dryRun: boolean,
  comment?: string,
): Promise<ExitCode[]> {
  const failures: ExitCode[] = [];
  for (const document of inApplyOrder(documents)) {
    try {
      const outcome = await applyDocument(client, document, { dryRun, comment });
      terminal.out(`${nameOf(document)} ${outcome}${dryRun ? ' (dry run)' : ''}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      printError(terminal, error, `${nameOf(document)} (${document.place})`, document.placeOf);
      failures.push(error.exitCode);
    }
  }
  return failures;
}
