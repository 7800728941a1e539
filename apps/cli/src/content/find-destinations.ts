import { distributionPointGroup } from '@muster/contracts/kinds/distribution-point-group.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** The groups that are tied to collections at this moment. @throws CliError `content.no-group-of-collection` */
export async function groupsOfCollections(client: ApiClient, collections: readonly string[]): Promise<string[]> {
  if (collections.length === 0) return [];
  const found = new Map<string, string[]>(collections.map((name) => [name, []]));
  for await (const { metadata, spec } of client.list(distributionPointGroup)) {
    for (const collection of spec.collections ?? []) found.get(collection)?.push(metadata.name);
  }
  const alone = [...found].find(([, groups]) => groups.length === 0);
  if (alone) {
    throw new CliError(
      'content.no-group-of-collection',
      `no distribution point group is tied to collection "${alone[0]}": name it in spec.collections of one`,
      EXIT_CODES.failed,
    );
  }
  return [...new Set([...found.values()].flat())];
}

/** The points themselves and those that the groups have now, each once. */
export async function pointsOf(
  client: ApiClient,
  points: readonly string[],
  groups: readonly string[],
): Promise<string[]> {
  const members: string[] = [];
  for (const group of groups) members.push(...(await client.get(distributionPointGroup, group)).spec.points);
  return [...new Set([...points, ...members])];
}

/** What a sequence and its child sequences refer to, by kind, disabled nodes included; each once. */
export async function contentOfSequence(
  client: ApiClient,
  sequence: string,
): Promise<{ kind: string; name: string }[]> {
  const found = new Map<string, { kind: string; name: string }>();
  const seen = new Set<string>();
  let level = [sequence];
  while (level.length > 0) {
    const below: string[] = [];
    for (const name of level) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { spec } = await client.get(taskSequence, name);
      for (const { reference } of collectReferences(spec as SequenceSpec)) {
        if (reference.kind === 'TaskSequence') below.push(reference.name);
        else found.set(`${reference.kind}/${reference.name}`, { kind: reference.kind, name: reference.name });
      }
    }
    level = below;
  }
  return [...found.values()];
}
