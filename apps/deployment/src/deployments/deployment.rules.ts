import type { DeploymentSpec, DeploymentStatus, SiteResults } from '@muster/contracts/kinds/deployment.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { isAfterSomewhere } from '@muster/schedule/zoned-time.js';
import { summariesOf } from '@muster/service/replication/site-summaries.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { deploymentResults } from '../sites/summaries.js';
import type { MembershipRepository } from '../membership/membership.repository.js';
import type { FateRepository } from '../fates/fate.repository.js';
import type { Rollouts } from '../rollouts/rollouts.service.js';
import type { EventLog } from '../events/event-log.js';
import { refuseMissing } from '../missing-reference.js';
import { refuseBrokenReferences } from './broken-references.js';
import { deploymentEvent } from './deployment-event.js';
import { refuseIdleOnMedia } from './media-only.js';
import { refuseNeverRunning } from './never-runs.js';
import { refuseSettings } from './refuse-settings.js';
import { findRisks, type HighRiskLimits, judgeRisk, NO_SERVERS, refuseMeteredSystems } from './high-risk.js';
import type { DeploymentRepository, DeviceCounts, SiteServers } from './deployment.repository.js';

/**
 * A deployment refers to a sequence and a collection that exist, keeps both for ever, and follows the newest revision.
 * Saving one writes the same few rows whatever the size of its collection.
 */
export function deploymentRules(
  database: Database,
  bus: Bus,
  repository: DeploymentRepository,
  rollouts: Rollouts,
  events: EventLog,
  fates: Pick<FateRepository, 'forget' | 'told'>,
  membership: Pick<MembershipRepository, 'lock'>,
  limits: HighRiskLimits & { readonly ofSite: SiteServers },
): ResourceRules<DeploymentSpec, DeploymentStatus> {
  // What `check` learned outside the transaction, for `status` inside it.
  const revisions = new WeakMap<ResourceInput<DeploymentSpec>, SequenceRevision>();
  const risks = new WeakMap<ResourceInput<DeploymentSpec>, readonly string[]>();

  return {
    async check(input) {
      refuseEmptyLife(input);
      refuseIdleSettings(input);
      refuseMediaBeforeStart(input);
      const before = await repository.specOf(database, input.metadata.name);
      refuseNeverRunning(input, before, Date.now());
      refuseIdleOnMedia(input, before);
      const sequence = await wantedRevision(bus, input);
      revisions.set(input, sequence);
      // What is deployed already can always be changed, held and ended; policy says what it waits for.
      if (!before || before.revision !== input.spec.revision) await refuseBrokenReferences(bus, input, sequence);
      if (input.spec.purpose !== 'Required') return;
      const found = await findRisks(bus, sequence);
      if (before?.onMetered !== true) refuseMeteredSystems(input, found);
      risks.set(input, found);
    },

    change: refuseMoved,

    async status(tx, input, current, { replicated }) {
      // From here on the facts of the catalog keep the digest; taking their lock here could wait for them in a circle.
      const becomesRequired = current?.spec.purpose !== 'Required' && input.spec.purpose === 'Required';
      // Of what another site wrote nothing was asked before the transaction; it had other devices in its mind.
      const here = replicated ? await wantedRevision(bus, input) : revisions.get(input);
      // Another revision that somebody chooses is another thing to agree to.
      const moves = current !== undefined && current.spec.revision !== input.spec.revision;
      const judged = becomesRequired || (moves && input.spec.purpose === 'Required');
      const found = replicated && here && judged ? await findRisks(bus, here) : risks.get(input);
      const risk = judged ? found : undefined;
      if (current) {
        const devices = await countsOf(repository, tx, current.metadata.uid);
        const servers = risk ? await repository.serversIn(tx, input.spec.collection, limits) : NO_SERVERS;
        const highRisk = judgeRisk(input, risk, { members: devices.targeted, ...servers }, limits);
        const digest = moves && here ? { sequenceDigest: here.digest } : {};
        const { highRisk: before, ...status } = current.status;
        // What was found when it was verified last stays true for as long as it is Required, and not verified anew.
        const kept = judged || input.spec.purpose !== 'Required' || !before ? {} : { highRisk: before };
        return { ...status, ...digest, devices, ...kept, ...highRisk };
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
      if (!here) throw new Error('a deployment is only saved after its check');
      const servers = risk ? await repository.serversIn(tx, input.spec.collection, limits) : NO_SERVERS;
      return {
        sequenceDigest:
          input.spec.revision === undefined ? await repository.noteRevision(tx, here) : input.spec.revision,
        devices: noRuns(members ?? 0),
        ...judgeRisk(input, risk, { members: members ?? 0, ...servers }, limits),
      };
    },

    async saved(tx, resource, previous, actor) {
      const change = previous ? 'changed' : 'created';
      const { type, subject, data } = deploymentEvent(resource, change, actor);
      await events.add(tx, type, subject, data);
      await rollouts.deploymentSaved(tx, resource, previous);
    },

    // Facts change what many deployments have of fates and rollouts: they hold this lock before.
    lockBefore: (tx) => membership.lock(tx),

    async deleting(tx, resource, { actor }) {
      await repository.bury(tx, resource.metadata.uid);
      await fates.forget(tx, resource.metadata.uid);
      const { type, subject, data } = deploymentEvent(resource, 'deleted', actor);
      await events.add(tx, type, subject, data);
    },

    async derive(resources) {
      const uids = resources.map(({ metadata }) => metadata.uid);
      const [counts, told] = [await repository.deviceCounts(database, uids), await fates.told(database, uids)];
      const names = resources.map(({ metadata }) => metadata.name);
      const below = await summariesOf<Omit<SiteResults, 'site'>>(
        database,
        deploymentResults.kind,
        names,
        limits.ofSite.code,
      );
      return resources.map((one) => {
        const sites = below.get(one.metadata.name);
        const devices = counts.get(one.metadata.uid) ?? one.status.devices;
        const waits = told.get(one.metadata.uid);
        const shown = { devices, ...(waits ? { fates: waits } : {}), ...(sites ? { sites } : {}) };
        return { ...one, status: { ...one.status, ...shown } };
      });
    },
  };
}

/** @throws MusterError when there is no such sequence or revision at this site, or the catalog does not answer */
async function wantedRevision(bus: Bus, { metadata, spec }: ResourceInput<DeploymentSpec>): Promise<SequenceRevision> {
  if (spec.revision !== undefined) {
    const { sequence: pinned } = await bus.request(readSequence, { digest: spec.revision, name: spec.sequence });
    const what = `${spec.sequence} ${spec.revision}`;
    const fix = `Use a digest of: muster revisions ${spec.sequence}`;
    const missing = { path: '/spec/revision', kind: 'TaskSequence', name: what, fix };
    refuseMissing(`Deployment "${metadata.name}"`, pinned ? [] : [missing]);
    return pinned as SequenceRevision;
  }
  const { sequence } = await bus.request(readSequence, { name: spec.sequence });
  const fix = 'Apply the sequence first, or correct the name';
  const missing = { path: '/spec/sequence', kind: 'TaskSequence', name: spec.sequence, fix };
  refuseMissing(`Deployment "${metadata.name}"`, sequence ? [] : [missing]);
  return sequence as SequenceRevision;
}

/** The counts of one deployment as they are now. */
export async function countsOf(
  repository: DeploymentRepository,
  ...[database, uid]: [Parameters<DeploymentRepository['deviceCounts']>[0], string]
): Promise<DeviceCounts> {
  return (await repository.deviceCounts(database, [uid])).get(uid) ?? noRuns(0);
}

function noRuns(members: number): DeviceCounts {
  return { targeted: members, running: 0, silent: 0, succeeded: 0, failed: 0, waiting: members };
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
const REQUIRED_ONLY = [
  'triggers',
  'rerun',
  'usersMayStart',
  'outsideWindows',
  'restartOutsideWindows',
  'warnMinutes',
  'onMetered',
  'wakeUp',
] as const;
/** And for one that runs by itself. */
const AVAILABLE_ONLY = ['fetchAhead'] as const;

/** @throws MusterError `deployment.setting-without-effect` (400) with one finding for each setting that its purpose does not have */
export function refuseIdleSettings({ metadata, spec }: ResourceInput<DeploymentSpec>): void {
  const idle =
    spec.purpose === 'Required'
      ? AVAILABLE_ONLY.map((name) => ({
          name,
          message: `${name} is for Available deployments: of a Required one content: BeforeStart is fetched ahead`,
          fix: 'Leave it out, or make the deployment Available',
        }))
      : REQUIRED_ONLY.map((name) => ({
          name,
          message: `${name} is for Required deployments: an Available one starts when somebody at the device asks for it, at any time and any number of times`,
          fix: 'Leave it out, or make the deployment Required',
        }));
  const nothingToKeep = {
    name: 'fetchAhead' as const,
    message: 'content: FromPoint keeps nothing that could be fetched ahead',
    fix: 'Leave one of them out',
  };
  const keepsNothing = spec.purpose === 'Available' && spec.content === 'FromPoint' ? [nothingToKeep] : [];
  refuseSettings(
    metadata.name,
    [...idle, ...keepsNothing]
      .filter(({ name }) => spec[name] !== undefined)
      .map(({ name, message, fix }) => ({
        path: `/spec/${name}`,
        code: 'deployment.setting-without-effect',
        severity: 'error',
        message,
        fix,
      })),
  );
}

/** @throws MusterError `deployment.media-fetches-as-needed` (400): before its start a computer has no disk to fetch to */
export function refuseMediaBeforeStart({ metadata, spec }: ResourceInput<DeploymentSpec>): void {
  const { availableTo = 'Clients', content } = spec;
  if (availableTo === 'Clients' || content !== 'BeforeStart') return;
  refuseSettings(metadata.name, [
    {
      path: '/spec/content',
      code: 'deployment.media-fetches-as-needed',
      severity: 'error',
      message: `content is BeforeStart, and it is available to ${availableTo}: what starts from boot media or PXE has no place for content before its first steps`,
      fix: 'Use AsNeeded, or make it available to Clients',
    },
  ]);
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
