import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Kind } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';

/** An object of a kind that `guardsUses`. */
export interface GuardedObject {
  readonly kind: Kind;
  readonly name: string;
}

/**
 * Asks the site who still uses objects that are about to go: it refuses to delete what is used, and names the users. What
 * goes too does not count, and only the client knows that.
 *
 * @param doomed what goes too, as `objectName` calls it
 * @param fix what the user can do
 * @throws CliError `cli.still-used` naming every user
 */
export async function refuseWhenUsed(
  client: ApiClient,
  objects: readonly GuardedObject[],
  doomed: ReadonlySet<string>,
  fix: string,
): Promise<void> {
  const findings: ProblemFinding[] = [];
  for (const object of objects)
    for (const { path, message } of await usersOf(client, object))
      if (!doomed.has(userOf(path))) {
        const subject = objects.length === 1 ? '' : `${objectName(object.kind, object.name)}: `;
        findings.push({ path: '', code: 'cli.still-used', message: `${subject}${message}`, fix });
      }
  if (findings.length === 0) return;
  const [only] = objects;
  const what = only && objects.length === 1 ? objectName(only.kind, only.name) : 'what is to be deleted';
  const message = `${what} is still used, in ${findings.length} place${findings.length === 1 ? '' : 's'}`;
  throw new CliError('cli.still-used', message, EXIT_CODES.conflict, { findings });
}

/** The name of a user by the path of its finding, `TaskSequence/NAME`; without one there are more users than the site names. */
function userOf(path: string): string {
  const [kind = '', name = ''] = path.split('/');
  return objectName(kind, name);
}

/** Who would make the site refuse the deletion. Other refusals are for the deletion itself to tell. */
async function usersOf(client: ApiClient, { kind, name }: GuardedObject): Promise<readonly ProblemFinding[]> {
  try {
    await client.remove(kind, name, { dryRun: true });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'resource.still-used') return error.findings;
    if (error.exitCode === EXIT_CODES.unavailable) throw error;
  }
  return [];
}
