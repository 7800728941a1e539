import { deployment } from '@muster/contracts/kinds/deployment.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { ApiClient } from '../api/api-client.js';
import { listUses } from '../api/authoring.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';

/**
 * Looks who names task sequences that are about to go: nodes of other sequences, disabled ones too, and deployments.
 *
 * @param doomed what goes too and therefore does not count, as `objectName` calls it
 * @param fix what the user can do
 * @throws CliError `cli.still-used` naming every node and deployment
 */
export async function refuseWhenUsed(
  client: ApiClient,
  names: readonly string[],
  doomed: ReadonlySet<string>,
  fix: string,
): Promise<void> {
  if (names.length === 0) return;
  const findings: ProblemFinding[] = [];
  const add = (user: string, name: string, how: string): void => {
    if (doomed.has(user)) return;
    const what = names.length === 1 ? 'it' : objectName(taskSequence, name);
    const message = `${user} ${how.replace('IT', what)}`;
    findings.push({ path: '', code: 'cli.still-used', message, fix });
  };
  for (const name of names)
    for await (const { sequence, path } of listUses(client, taskSequence.kind, name))
      if (sequence !== name) add(objectName(taskSequence, sequence), name, `names IT in the node "${path}"`);
  const wanted = new Set(names);
  for await (const { metadata, spec } of client.list(deployment))
    if (wanted.has(spec.sequence)) add(objectName(deployment, metadata.name), spec.sequence, 'deploys IT');
  if (findings.length === 0) return;
  const what = names.length === 1 ? objectName(taskSequence, names[0] ?? '') : 'what is to be deleted';
  const message = `${what} is still used, in ${findings.length} place${findings.length === 1 ? '' : 's'}`;
  throw new CliError('cli.still-used', message, EXIT_CODES.conflict, { findings });
}
