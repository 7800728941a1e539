import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { isAfterSomewhere } from '@muster/schedule/zoned-time.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import { refuseMissing } from '../missing-reference.js';
import { deploymentEvent } from './deployment-event.js';
import { findRisks, type HighRiskLimits, judgeRisk } from './high-risk.js';
import type { DeploymentRepository, DeviceCounts } from './deployment.repository.js';

/**
 * A deployment refers to a sequence and a collection that exist, keeps both for ever, and follows the newest revision.
 * Saving one writes the same few rows whatever the size of its collection.
 */
export function deploymentRules(
  database: Database,
  bus: Bus,
  repository: DeploymentRepository,
  events: EventLog,
  limits: HighRiskLimits,
): ResourceRules<DeploymentSpec, DeploymentStatus> {
  // What `check` learned outside the transaction, for `status` inside it.
  const revisions = new WeakMap<ResourceInput<DeploymentSpec>, SequenceRevision>();
  const risks = new WeakMap<ResourceInput<DeploymentSpec>, readonly string[]>();

  return {
    async check(input) {
      refuseEmptyLife(input);
      refuseIdleSettings(input);
      const { sequence } = await bus.request(readSequence, { name: input.spec.sequence });
      refuseMissing(
        `Deployment "${input.metadata.name}"`,
        sequence
          ? []
          : [
              {
                path: '/spec/sequence',
                kind: 'TaskSequence',
                name: input.spec.sequence,
                fix: 'Apply the sequence first, or correct the name',
              },
            ],
      );
      if (!sequence) return;
      revisions.set(input, sequence);
      if (input.spec.purpose === 'Required') risks.set(input, await findRisks(bus, sequence));
    },

    change: refuseMoved,

    async status(tx, input, current) {
      // From here on the facts of the catalog keep the digest; taking their lock here could wait for them in a circle.
      const becomesRequired = current?.spec.purpose !== 'Required' && input.spec.purpose === 'Required';
      const risk = becomesRequired ? risks.get(input) : undefined;
      if (current) {
        const devices = await countsOf(repository, tx, current.metadata.uid);
        const highRisk = judgeRisk(input, risk, devices.targeted, limits);
        return { ...current.status, devices, ...highRisk };
      }
      const members = await repository.holdCollection(tx, input.spec.collection);
      if (members === undefined) {
        refuseMissing(`Deployment "${input.metadata.name}"`, [
          {
            path: '/spec/collection',
            kind: 'Collection',
            name: input.spec.collection,
            fix: 'Apply the collection first, or correct the name',
          },
        ]);
      }
      const revision = revisions.get(input);
      if (!revision) throw new Error('a deployment is only saved after its check');
      return {
        sequenceDigest: await repository.noteRevision(tx, revision),
        devices: noRuns(members ?? 0),
        ...judgeRisk(input, risk, members ?? 0, limits),
      };
    },

    async saved(tx, resource, previous, actor) {
      const change = previous ? 'changed' : 'created';
      const { type, subject, data } = deploymentEvent(resource, change, actor);
      await events.add(tx, type, subject, data);
    },

    async deleting(tx, resource, { actor }) {
      await repository.bury(tx, resource.metadata.uid);
      const { type, subject, data } = deploymentEvent(resource, 'deleted', actor);
      await events.add(tx, type, subject, data);
    },

    async derive(resources) {
      const counts = await repository.deviceCounts(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((one) => ({
        ...one,
        status: { ...one.status, devices: counts.get(one.metadata.uid) ?? one.status.devices },
      }));
    },
  };
}

/** The counts of one deployment as they are now. */
export async function countsOf(
  repository: DeploymentRepository,
  ...[database, uid]: [Parameters<DeploymentRepository['deviceCounts']>[0], string]
): Promise<DeviceCounts> {
  return (await repository.deviceCounts(database, [uid])).get(uid) ?? noRuns(0);
}

function noRuns(members: number): DeviceCounts {
  return { targeted: members, running: 0, succeeded: 0, failed: 0, waiting: members };
}

/** @throws MusterError `deployment.never-runs` (400) when it ends before it begins */
export function refuseEmptyLife({ metadata, spec }: ResourceInput<DeploymentSpec>): void {
  const { availableAt, expiresAt } = spec;
  if (availableAt === undefined || expiresAt === undefined || isAfterSomewhere(availableAt, expiresAt)) return;
  const message = `expiresAt (${expiresAt}) must be after availableAt (${availableAt})`;
  throw new MusterError('invalid', 'deployment.never-runs', `Deployment "${metadata.name}": ${message}`, {
    findings: [{ path: '/spec/expiresAt', code: 'deployment.never-runs', severity: 'error', message }],
  });
}

/** Settings that mean nothing for a deployment that only people start. */
const REQUIRED_ONLY = ['triggers', 'rerun', 'usersMayStart', 'outsideWindows'] as const;

/** @throws MusterError `deployment.setting-without-effect` (400) with one finding for each setting that its purpose does not have */
export function refuseIdleSettings({ metadata, spec }: ResourceInput<DeploymentSpec>): void {
  if (spec.purpose === 'Required') return;
  const findings: ProblemFinding[] = REQUIRED_ONLY.filter((name) => spec[name] !== undefined).map((name) => ({
    path: `/spec/${name}`,
    code: 'deployment.setting-without-effect',
    severity: 'error',
    message: `${name} is for Required deployments: an Available one starts when somebody at the device asks for it, at any time and any number of times`,
    fix: 'Leave it out, or make the deployment Required',
  }));
  const [first] = findings;
  if (!first) return;
  const message = `Deployment "${metadata.name}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', 'deployment.setting-without-effect', message, { findings });
}

/** @throws MusterError `deployment.immutable` (409) when the sequence or the collection would change */
export function refuseMoved(
  current: Resource<DeploymentSpec, DeploymentStatus>,
  input: ResourceInput<DeploymentSpec>,
): void {
  for (const field of ['sequence', 'collection'] as const) {
    if (current.spec[field] === input.spec[field]) continue;
    throw new MusterError(
      'conflict',
      'deployment.immutable',
      `Deployment "${input.metadata.name}": spec.${field} is "${current.spec[field]}" and cannot change to "${input.spec[field]}". Delete the deployment, or make another one`,
      {
        findings: [
          {
            path: `/spec/${field}`,
            code: 'deployment.immutable',
            severity: 'error',
            message: `cannot change after creation; it is "${current.spec[field]}"`,
          },
        ],
      },
    );
  }
}
