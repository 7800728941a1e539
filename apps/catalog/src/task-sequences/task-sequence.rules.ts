import { digestOf } from '@muster/contracts/digest.js';
import { judgeSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { nameSchema, type ResourceInput } from '@muster/contracts/resource.js';
import { contentKey } from '@muster/contracts/kinds/content-reference.js';
import { findDeployments } from '@muster/contracts/requests/find-deployments.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences, type SequenceReference } from '@muster/sequence/references.js';
import { writtenReferences } from '@muster/sequence/written-references.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { withFoldersAround } from '../folders/folder-paths.js';
import { auditLock } from '../locks/audit-lock.js';
import { expiryFrom, lockAgainst, lockedError, stillHeld } from '../locks/edit-lock.js';
import { sequenceConflict } from '../revisions/sequence-conflict.js';
import { INDEX_VERSION, indexSequence } from '../search/index-sequence.js';
import { existingContent } from '../search/existing-content.js';
import type { SequenceSecrets } from '../secrets/sequence-secrets.service.js';
import type { ChildSequenceRepository } from './child-sequence.repository.js';
import { findCircle } from './find-circle.js';
import { NAMED_USERS, refuseUsed } from './refuse-used.js';
import type { SequenceTables } from './sequence-tables.js';

/**
 * What is special about saving a task sequence: all findings at once, references that exist, children that do not lead
 * back, and a revision for every change.
 */
export function taskSequenceRules(
  database: Database,
  { revisions, children, indexes, folders, locks, dangling }: SequenceTables,
  bus: Bus,
  secrets: SequenceSecrets,
  now: () => Date,
): ResourceRules<SequenceSpec, TaskSequenceStatus> {
  return {
    seal: (input) => secrets.seal(input),

    sealedValues: (tx, { spec }) => secrets.sealedValues(tx, spec),

    savedBy: (tx, { metadata: { uid }, status: { revision } }) => revisions.savedBy(tx, uid, revision),

    giveSealed: (spec, sealed) => secrets.giveSealed(spec, sealed),

    async check(input) {
      const { name } = input.metadata;
      const wrong = (await wrongReferences([input], database, children, bus)).get(name) ?? [];
      refuse(name, wrong, input.spec);
    },

    async wrongBeside({ metadata, spec }) {
      const name = typeof metadata?.name === 'string' ? metadata.name : '';
      const wanted = { name, ...byTarget(writtenReferences(spec)) };
      return (await wrongTargets([wanted], database, children, bus)).get(name) ?? [];
    },

    async status(_tx, input, current) {
      const digest = digestOf(input.spec);
      const changed = current?.status.digest !== digest;
      const warnings = judgeSequence(input.spec).filter(({ severity }) => severity === 'warning');
      return {
        revision: (current?.status.revision ?? 0) + (changed ? 1 : 0),
        digest,
        ...count(input.spec.steps),
        ...(warnings.length > 0 ? { warnings } : {}),
      };
    },

    async writing(tx, { metadata: { uid, name } }, { actor, ignoreLock }) {
      const lock = (await locks.findMany(tx, [uid])).get(uid);
      const others = lockAgainst(lock, actor, now());
      if (others && !ignoreLock) throw lockedError(name, others, actor);
      if (others) await auditLock(tx, 'lock-ignored', { actor, name, uid, from: others });
      const own = others ? undefined : stillHeld(lock, now());
      if (own) await locks.set(tx, uid, { ...own, expiresAt: expiryFrom(now()) });
    },

    async saved(tx, resource, previous, actor, comment) {
      await secrets.saved(tx, resource.spec);
      const { revision, digest } = resource.status;
      const index = { uid: resource.metadata.uid, ...indexSequence(resource.metadata, resource.spec) };
      await indexes.replace(tx, INDEX_VERSION, [index]);
      if (resource.metadata.folder !== undefined && resource.metadata.folder !== previous?.metadata.folder)
        await folders.ensure(tx, withFoldersAround(resource.metadata.folder), actor);
      if (previous?.status.revision === revision) return;
      await revisions.add(
        tx,
        { uid: resource.metadata.uid, name: resource.metadata.name, revision, digest },
        { author: actor, comment, resourceVersion: resource.metadata.resourceVersion },
      );
      const names = enabledReferences(resource.spec).children.map(({ reference }) => reference.name);
      await children.set(tx, resource.metadata.uid, [...new Set(names)]);
    },

    async unused({ metadata: { name } }) {
      const [nodes, deployments] = await Promise.all([
        indexes.findUsesByOthers(database, name, NAMED_USERS + 1),
        bus.request(findDeployments, { sequence: name, limit: NAMED_USERS }),
      ]);
      refuseUsed(name, {
        nodes: nodes.slice(0, NAMED_USERS),
        moreNodes: nodes.length > NAMED_USERS,
        deployments: deployments.names,
        moreDeployments: deployments.total > deployments.names.length,
      });
    },

    async derive(resources) {
      const uids = resources.map(({ metadata }) => metadata.uid);
      const [missing, held] = await Promise.all([dangling.findMany(database, uids), locks.findMany(database, uids)]);
      return resources.map((resource) => {
        const danglingReferences = missing.get(resource.metadata.uid);
        const lock = stillHeld(held.get(resource.metadata.uid), now());
        if (!danglingReferences && !lock) return resource;
        const editLock = lock && {
          holder: lock.holder,
          machine: lock.machine,
          expiresAt: lock.expiresAt.toISOString(),
        };
        return {
          ...resource,
          status: {
            ...resource.status,
            ...(danglingReferences ? { danglingReferences } : {}),
            ...(editLock ? { editLock } : {}),
          },
        };
      });
    },

    async conflict(current, input, expected) {
      return sequenceConflict(current, input, await revisions.findAtVersion(database, current.metadata.uid, expected));
    },
  };
}

/** With the warnings of the specification: who mends it sees everything at once. */
function refuse(name: string, wrong: readonly ProblemFinding[], spec: SequenceSpec): void {
  const [first] = wrong;
  if (!first) return;
  const findings = [...wrong, ...judgeSequence(spec)];
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  const where = `${first.path}: ${first.message}${more}`;
  if (first.code === 'sequence.cycle') {
    const message = `TaskSequence "${name}" would run in a circle: ${where}`;
    throw new MusterError('invalid', 'sequence.cycle', message, { findings });
  }
  const message = `TaskSequence "${name}" refers to what is not there: ${where}`;
  throw new MusterError('invalid', 'sequence.unresolved-reference', message, { findings });
}

/** References of enabled nodes; disabled ones may refer to what is not there (yet). */
function enabledReferences(spec: SequenceSpec): { children: SequenceReference[]; content: SequenceReference[] } {
  return byTarget(collectReferences(spec).filter(({ disabled }) => !disabled));
}

function byTarget(enabled: readonly SequenceReference[]): {
  children: SequenceReference[];
  content: SequenceReference[];
} {
  return {
    children: enabled.filter(({ reference }) => reference.kind === 'TaskSequence'),
    content: enabled.filter(({ reference }) => reference.kind !== 'TaskSequence'),
  };
}

/**
 * What is wrong with the references of sequences that are to be saved together: children that lead in a circle or do not exist,
 * content and applications that do not exist. Paths of findings are those of the document it is about. By the name of the sequence.
 *
 * @param byThen content and applications that will be there by then, as `contentKey`
 */
export async function wrongReferences(
  inputs: readonly ResourceInput<SequenceSpec>[],
  database: Database,
  repository: ChildSequenceRepository,
  bus: Bus,
  byThen: ReadonlySet<string> = new Set(),
): Promise<Map<string, ProblemFinding[]>> {
  const wanted = inputs.map(({ metadata: { name }, spec }) => ({ name, ...enabledReferences(spec) }));
  return wrongTargets(wanted, database, repository, bus, byThen);
}

async function wrongTargets(
  wanted: readonly { name: string; children: SequenceReference[]; content: SequenceReference[] }[],
  database: Database,
  repository: ChildSequenceRepository,
  bus: Bus,
  byThen: ReadonlySet<string> = new Set(),
): Promise<Map<string, ProblemFinding[]>> {
  // Two saves at the same time may still make a circle together: policy finds it and blocks the deployment.
  const below = await childrenBelow(wanted, database, repository);
  const asked = wanted
    .flatMap((one) => one.content.map(({ reference }) => reference))
    .filter((reference) => !byThen.has(contentKey(reference)));
  const there = await existingContent(asked, bus);
  const missing = new Set(asked.map(contentKey).filter((key) => !there.has(key)));
  return new Map(
    wanted.map((one) => [
      one.name,
      [
        ...wrongChildren(one.name, one.children, below),
        ...one.content
          .filter(({ reference }) => missing.has(contentKey(reference)))
          .map(({ reference, path }) => unresolved(reference.kind, reference.name, path)),
      ],
    ]),
  );
}

/** The children of each sequence that can be reached, as they will be. */
async function childrenBelow(
  wanted: readonly { name: string; children: readonly SequenceReference[] }[],
  database: Database,
  repository: ChildSequenceRepository,
): Promise<Map<string, readonly string[]>> {
  const together = new Map(
    wanted.map(({ name, children }) => [name, [...new Set(children.map(({ reference }) => reference.name))]]),
  );
  const names = [...new Set([...together.values()].flat())].filter(isName);
  const stored = names.length === 0 ? new Map<string, string[]>() : await repository.below(database, names);
  return new Map([...stored, ...together]);
}

/** Children that lead in a circle, and children that do not exist. */
function wrongChildren(
  name: string,
  wanted: readonly SequenceReference[],
  below: ReadonlyMap<string, readonly string[]>,
): ProblemFinding[] {
  const names = new Set(wanted.map(({ reference }) => reference.name));
  const circles = new Map([...names].map((child) => [child, findCircle(name, child, below)]));
  const findings = wanted.map(({ reference, path }): ProblemFinding | undefined => {
    const circle = circles.get(reference.name);
    if (circle) {
      return {
        path,
        code: 'sequence.cycle',
        severity: 'error',
        message: `the child sequences lead back to where they began: ${circle.join(' > ')}`,
        fix: 'Remove or disable one of the nodes on this way',
      };
    }
    return below.has(reference.name) ? undefined : unresolved('TaskSequence', reference.name, path);
  });
  const found = findings.filter((finding) => finding !== undefined);
  return found.sort((one, other) => Number(other.code === 'sequence.cycle') - Number(one.code === 'sequence.cycle'));
}

function unresolved(kind: SequenceReference['reference']['kind'], name: string, path: string): ProblemFinding {
  const what =
    kind === 'TaskSequence'
      ? 'sequence'
      : kind
          .replaceAll(/(?<!^)[A-Z]/g, ' $&')
          .toLowerCase()
          .replace(/^os/, 'OS');
  return {
    path,
    code: 'sequence.unresolved-reference',
    severity: 'error',
    message: `there is no ${kind} "${name}"`,
    fix: `Apply the ${what} first, correct the name, or disable the ${kind === 'TaskSequence' ? 'node' : 'step'}`,
  };
}

/** Imported sequences may ask for packages and sequences by names that none of ours can have. */
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
