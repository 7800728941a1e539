import { POLICY_BODY_BYTES } from '@muster/contracts/agent/policy.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';

/** The children of a sequence, of children too: one revision of each. */
export interface Children {
  /** By name; null: there is no such sequence. Only those that enabled nodes name. */
  readonly revisions: ReadonlyMap<string, SequenceRevision | null>;
  /** Together they are larger than any body may be, and not all of them were read. */
  readonly tooLarge: boolean;
}

/**
 * Reads all children level by level, each name once, so that a body never holds two revisions of one sequence.
 * Nothing is looked for behind disabled nodes and in disabled sequences.
 *
 * @param read the newest revisions, in the order of the names; undefined for names that have none
 */
export async function collectChildren(
  parent: SequenceRevision,
  read: (names: readonly string[]) => Promise<(SequenceRevision | null)[]>,
): Promise<Children> {
  const revisions = new Map<string, SequenceRevision | null>();
  let bytes = 0;
  let level = childNames(parent.spec);
  while (level.length > 0) {
    // Nothing can have such a name, so there is nothing to ask for.
    for (const name of level) if (!nameSchema.safeParse(name).success) revisions.set(name, null);
    const names = level.filter((name) => !revisions.has(name));
    const found = await read(names);
    const below = new Set<string>();
    names.forEach((name, index) => {
      const revision = found[index] ?? null;
      revisions.set(name, revision);
      if (!revision) return;
      bytes += Buffer.byteLength(JSON.stringify(revision.spec));
      if (revision.spec.enabled !== false) for (const child of childNames(revision.spec)) below.add(child);
    });
    if (bytes > POLICY_BODY_BYTES) return { revisions, tooLarge: true };
    level = [...below].filter((name) => !revisions.has(name));
  }
  return { revisions, tooLarge: false };
}

/** Names of the sequences that enabled nodes point to, each once. */
export function childNames(spec: SequenceSpec): string[] {
  const names = collectReferences(spec)
    .filter(({ reference, disabled }) => reference.kind === 'TaskSequence' && !disabled)
    .map(({ reference }) => reference.name);
  return [...new Set(names)];
}
