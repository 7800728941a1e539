import { digestOf } from '@muster/contracts/digest.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import type { Bus } from '@muster/messaging/bus.js';
import { MusterError } from '@muster/platform/errors.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import { validateSequence } from '@muster/sequence/validate.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
import type { SequenceRevisionRepository } from './sequence-revision.repository.js';

/** What is special about saving a task sequence: all findings at once, references that exist, and a revision for every change. */
export function taskSequenceRules(
  revisions: SequenceRevisionRepository,
  bus: Bus,
): ResourceRules<SequenceSpec, TaskSequenceStatus> {
  return {
    async check(input) {
      refuse(input.metadata.name, await missingReferences(input.spec, bus));
    },

    async status(_tx, input, current) {
      const digest = digestOf(input.spec);
      const changed = current?.status.digest !== digest;
      const warnings = validateSequence(input.spec).filter(({ severity }) => severity === 'warning');
      return {
        revision: (current?.status.revision ?? 0) + (changed ? 1 : 0),
        digest,
        ...count(input.spec.steps),
        ...(warnings.length > 0 ? { warnings } : {}),
      };
    },

    async saved(tx, resource, previous, actor) {
      const { revision, digest } = resource.status;
      if (previous?.status.revision === revision) return;
      await revisions.add(
        tx,
        { uid: resource.metadata.uid, name: resource.metadata.name, revision, digest, spec: resource.spec },
        actor,
      );
    },
  };
}

function refuse(name: string, findings: readonly ProblemFinding[]): void {
  const [first] = findings;
  if (!first) return;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw new MusterError(
    'invalid',
    'sequence.unresolved-reference',
    `TaskSequence "${name}" refers to what is not there: ${first.path}: ${first.message}${more}`,
    { findings },
  );
}

/** References of enabled steps to packages that do not exist; disabled steps may refer to what is not there (yet). */
async function missingReferences(spec: SequenceSpec, bus: Bus): Promise<ProblemFinding[]> {
  const wanted = collectReferences(spec).filter(({ reference, disabled }) => reference.kind === 'Package' && !disabled);
  if (wanted.length === 0) return [];
  const names = [...new Set(wanted.map(({ reference }) => reference.name))];
  const { packages } = await bus.request(resolveContent, { packages: names.filter(isName) });
  const missing = new Set(packages.filter(({ exists }) => !exists).map(({ name }) => name));
  for (const name of names) if (!isName(name)) missing.add(name);
  return wanted
    .filter(({ reference }) => missing.has(reference.name))
    .map(({ reference, path }) => ({
      path,
      code: 'sequence.unresolved-reference',
      severity: 'error' as const,
      message: `there is no Package "${reference.name}"`,
      fix: 'Apply the package first, correct the name, or disable the step',
    }));
}

/** Imported sequences may ask for packages by names that no package of ours can have. */
function isName(name: string): boolean {
  return nameSchema.safeParse(name).success;
}

function count(nodes: readonly SequenceNode[]): { steps: number; groups: number } {
  let steps = 0;
  let groups = 0;
  for (const node of nodes) {
    if ('group' in node) {
      const inside = count(node.steps);
      steps += inside.steps;
      groups += inside.groups + 1;
    } else steps += 1;
  }
  return { steps, groups };
}
