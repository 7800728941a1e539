import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';

/**
 * Asks the site who still uses task sequences that are about to go: it refuses to delete what is used, and names the users. What
 * goes too does not count, and only the client knows that.
 *
 * @param doomed what goes too, as `objectName` calls it
 * @param fix what the user can do
 * @throws CliError `cli.still-used` naming every node and deployment
 */
export async function refuseWhenUsed(
  client: ApiClient,
  names: readonly string[],
  doomed: ReadonlySet<string>,
  fix: string,
): Promise<void> {
  const findings: ProblemFinding[] = [];
  for (const name of names)
    for (const { path, message } of await usersOf(client, name))
      if (!doomed.has(userOf(path))) {
        const subject = names.length === 1 ? '' : `${objectName(taskSequence, name)}: `;
        findings.push({ path: '', code: 'cli.still-used', message: `${subject}${message}`, fix });
      }
  if (findings.length === 0) return;
  const what = names.length === 1 ? objectName(taskSequence, names[0] ?? '') : 'what is to be deleted';
  const message = `${what} is still used, in ${findings.length} place${findings.length === 1 ? '' : 's'}`;
  throw new CliError('cli.still-used', message, EXIT_CODES.conflict, { findings });
}

/** The name of a user by the path of its finding, `TaskSequence/NAME`; without one there are more users than the site names. */
function userOf(path: string): string {
  const [kind = '', name = ''] = path.split('/');
  return objectName(kind, name);
}

/** Who would make the site refuse the deletion. Other refusals are for the deletion itself to tell. */
async function usersOf(client: ApiClient, name: string): Promise<readonly ProblemFinding[]> {
  try {
    await client.remove(taskSequence, name, { dryRun: true });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'resource.still-used') return error.findings;
    if (error.exitCode === EXIT_CODES.unavailable) throw error;
  }
  return [];
}
