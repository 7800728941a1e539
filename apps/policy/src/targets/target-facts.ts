import { Inject, Injectable } from '@nestjs/common';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { application } from '@muster/contracts/kinds/application.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { rolloutChanged } from '@muster/contracts/events/rollout-changed.js';
import { runsStopped } from '@muster/contracts/events/runs-stopped.js';
import { variablesChanged } from '@muster/contracts/events/variables-changed.js';
import { clientSettings } from '@muster/contracts/kinds/client-settings.js';
import { collection, EVERY_DEVICE } from '@muster/contracts/kinds/collection.js';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { device } from '@muster/contracts/kinds/device.js';
import { distributedContent, distribution, type DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { Kind } from '@muster/contracts/resource.js';
import { on } from '@muster/messaging/consumer.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Subscriptions } from '@muster/service/service.module.js';
import { startRulesShape } from '@muster/schedule/start-rules.js';
import { lastInstant } from '@muster/schedule/zoned-time.js';
import { z } from 'zod';
import { Compiler } from '../compile/compiler.js';
import { DeviceRepository } from '../devices/device.repository.js';
import { LiveState } from '../live/live-state.js';
import { ClientSettingsRepository } from '../settings/client-settings.repository.js';
import { VariableSetRepository } from '../variables/variable-set.repository.js';
import { TargetRepository } from './target.repository.js';

/** Of more members that came or went all of their collection are told: a row for each would cost more than it spares. */
const MOST_NAMED_DEVICES = 1_000;

/** What devices are told of a deployment; all else is for the site. */
const toldRules = z.object(startRulesShape);

/** What other services' facts mean for policy. Each runs in the transaction that moves the inbox position. */
@Injectable()
export class TargetFacts {
  constructor(
    @Inject(TargetRepository) private readonly targets: TargetRepository,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(Compiler) private readonly compiler: Compiler,
    @Inject(VariableSetRepository) private readonly variables: VariableSetRepository,
    @Inject(ClientSettingsRepository) private readonly settings: ClientSettingsRepository,
  ) {}

  subscriptions(): Subscriptions {
    return { deployment: this.ofDeployment(), content: this.ofContent(), catalog: this.ofCatalog() };
  }

  private ofDeployment() {
    const devices = resourceEvents(device);
    const collections = resourceEvents(collection);
    const deployments = resourceEvents(deployment);
    const settings = resourceEvents(clientSettings);
    return [
      on(devices.deleted, async (tx, { resource }) => {
        const { uid } = resource.metadata;
        await this.devices.end(tx, uid);
        await this.variables.remove(tx, uid);
        this.live.deviceRefused(tx, uid, 'deleted');
      }),
      on(devices.saved, async (tx, { resource: { metadata, status } }) => {
        if (status.hardware !== undefined) await this.devices.setHardware(tx, metadata.uid, status.hardware);
        const { keyRotation } = status;
        if (keyRotation && (await this.devices.askForRotation(tx, metadata.uid, keyRotation.askedAt)))
          await this.live.policyChanges(tx, { devices: [metadata.uid] });
        const decided = status.access?.state;
        // A record whose computer has not come is none of this service's.
        if (decided === undefined) return;
        // An unknown computer is answered like any other: what it gets is what is deployed to those.
        const state = decided === 'approved' || decided === 'unknown' ? 'enrolled' : decided;
        if (!(await this.devices.decide(tx, metadata.uid, state))) return;
        if (state === 'enrolled') this.live.deviceAdmitted(tx, metadata.uid);
        else this.live.deviceRefused(tx, metadata.uid, state);
      }),
      on(collections.saved, async (tx, { resource: { metadata, spec } }) => {
        const { uid, name } = metadata;
        const windows = spec.maintenanceWindows ?? [];
        if (await this.targets.saveCollection(tx, { uid, name, windows })) {
          await this.live.policyChanges(tx, { collection: uid });
        }
      }),
      on(collections.deleted, async (tx, { resource }) => {
        const { uid } = resource.metadata;
        const spoken = await this.isSpokenOf(tx, uid);
        await this.targets.deleteCollection(tx, uid);
        await this.variables.remove(tx, uid);
        if (spoken) await this.live.policyChanges(tx, { collection: uid });
      }),
      on(membersChanged, async (tx, { collectionUid, added, removed }) => {
        if (removed.length > 0) await this.targets.removeMembers(tx, collectionUid, removed);
        if (added.length > 0) await this.targets.addMembers(tx, collectionUid, added);
        if (await this.isSpokenOf(tx, collectionUid)) {
          const devices = [...added, ...removed];
          const few = devices.length <= MOST_NAMED_DEVICES;
          await this.live.policyChanges(tx, few ? { devices } : { collection: collectionUid });
        }
      }),
      on(settings.saved, async (tx, { resource: { metadata, spec } }) => {
        const { uid, name } = metadata;
        // Every device is in one of these; so the default settings are like all others.
        const { priority, collections = EVERY_DEVICE } = spec;
        const kept = { uid, name, priority, collections, settings: spec.settings };
        for (const one of await this.settings.save(tx, kept)) await this.live.policyChanges(tx, { collection: one });
      }),
      on(settings.deleted, async (tx, { resource }) => {
        const collections = await this.settings.remove(tx, resource.metadata.uid);
        for (const one of collections) await this.live.policyChanges(tx, { collection: one });
      }),
      on(variablesChanged, async (tx, set) => {
        await this.variables.save(tx, set);
        if (!(await this.targets.isTold(tx, set.owner))) return;
        const { kind, uid } = set.owner;
        await this.live.policyChanges(tx, kind === 'Collection' ? { collection: uid } : { devices: [uid] });
      }),
      on(deployments.saved, async (tx, { resource: { metadata, spec, status } }) => {
        await this.live.lock(tx);
        const { collection, rollout } = spec;
        const rules = toldRules.parse(spec);
        const changed = await this.targets.saveDeployment(tx, {
          uid: metadata.uid,
          name: metadata.name,
          collection,
          generation: metadata.generation,
          createdAt: metadata.createdAt,
          rules,
          hasRollout: rollout !== undefined,
          expiresAt: rules.expiresAt === undefined ? null : new Date(lastInstant(rules.expiresAt)),
          sequenceDigest: status.sequenceDigest,
          pinnedTo: spec.revision === undefined ? null : spec.sequence,
        });
        if (!changed) return;
        this.compileSoon(tx);
        // When devices run it is no matter of compiling: what is held must be held now, whatever the body waits for.
        const collectionUid = await this.targets.tellRules(tx, metadata.uid);
        if (collectionUid !== undefined) await this.live.policyChanges(tx, { collection: collectionUid });
      }),
      on(rolloutChanged, async (tx, { deploymentUid, change }) => {
        await this.live.lock(tx);
        if (!(await this.targets.saveRolloutChange(tx, deploymentUid, change))) return;
        const collection = await this.targets.tellRules(tx, deploymentUid);
        if (collection !== undefined) await this.live.policyChanges(tx, { collection });
      }),
      on(runsStopped, async (tx, { runs, deployments: deleted }) => {
        await this.live.lock(tx);
        for (const collection of await this.targets.stopDeleted(tx, deleted))
          await this.live.policyChanges(tx, { collection });
        const devices = await this.targets.stopRuns(tx, runs);
        if (devices.length > 0) await this.live.policyChanges(tx, { devices });
      }),
      on(deployments.deleted, async (tx, { resource }) => {
        await this.live.lock(tx);
        const collection = await this.targets.deleteDeployment(tx, resource.metadata.uid);
        if (collection !== undefined) await this.live.policyChanges(tx, { collection });
      }),
    ];
  }

  /**
   * Content got a version, a version arrived at a point, an application changed, or one of them came or went: what needs it
   * may say something new.
   */
  private ofContent() {
    const distributions = resourceEvents(distribution);
    const kinds: readonly Kind[] = [...Object.values(CONTENT_RESOURCES), application as Kind];
    return [
      ...kinds
        .map((kind) => ({ kind: kind.kind, ...resourceEvents(kind) }))
        .flatMap(({ kind, saved, deleted }) => [
          on(saved, (tx, { resource }) => this.contentChanged(tx, kind, resource.metadata.name)),
          on(deleted, (tx, { resource }) => this.contentChanged(tx, kind, resource.metadata.name)),
        ]),
      on(distributions.saved, (tx, { resource }) => this.distributionChanged(tx, resource.spec)),
      on(distributions.deleted, (tx, { resource }) => this.distributionChanged(tx, resource.spec)),
    ];
  }

  /** A sequence got a revision, came or went: what has it among its children may say something new. */
  private ofCatalog() {
    const sequences = resourceEvents(taskSequence);
    return [
      on(sequences.saved, (tx, { resource }) => this.sequenceChanged(tx, resource.metadata.name)),
      on(sequences.deleted, (tx, { resource }) => this.sequenceChanged(tx, resource.metadata.name)),
    ];
  }

  /** True when policies say something because of a collection: a deployment, variables, or settings. */
  private async isSpokenOf(tx: Transaction, collectionUid: string): Promise<boolean> {
    return (
      (await this.targets.matters(tx, collectionUid)) ||
      (await this.variables.has(tx, collectionUid)) ||
      this.settings.has(tx, collectionUid)
    );
  }

  private async sequenceChanged(tx: Transaction, name: string): Promise<void> {
    if ((await this.targets.touchSequence(tx, name)) > 0) this.compileSoon(tx);
  }

  private distributionChanged(tx: Transaction, spec: DistributionSpec): Promise<void> {
    const { kind, name } = distributedContent(spec);
    return this.contentChanged(tx, kind, name);
  }

  private async contentChanged(tx: Transaction, kind: string, name: string): Promise<void> {
    if ((await this.targets.touchContent(tx, kind, name)) > 0) this.compileSoon(tx);
  }

  private compileSoon(tx: Transaction): void {
    tx.afterCommit(() => this.compiler.nudge());
  }
}
