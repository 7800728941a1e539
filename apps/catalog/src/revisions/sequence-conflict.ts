import type { SequenceConflict } from '@muster/contracts/kinds/sequence-revision.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { SequenceDifference } from '@muster/sequence/edit/difference-model.js';
import { diffSequences } from '@muster/sequence/edit/diff-sequences.js';
import { maskDifference } from '@muster/sequence/edit/mask-difference.js';
import type { SequenceSpec } from '@muster/sequence/model.js';

/**
 * Both sides of a refused save, by node.
 *
 * @param seen what its sender had read, where that is known
 * @param input what was sent, where it is a whole document
 */
export function sequenceConflict(
  current: Resource<SequenceSpec, TaskSequenceStatus>,
  input: ResourceInput<SequenceSpec> | undefined,
  seen: SequenceRevision | undefined,
): SequenceConflict {
  return {
    ...(seen ? { seen: seen.revision, theirs: shown(seen.spec, current.spec) } : {}),
    current: current.status.revision,
    ...(input ? { yours: shown((seen ?? current).spec, input.spec) } : {}),
  };
}

/** The difference of two specifications as it may be shown. */
export function shown(before: SequenceSpec, after: SequenceSpec): SequenceDifference {
  return maskDifference(diffSequences(before, after));
}
