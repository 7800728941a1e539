import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { deviceCloned } from '@muster/contracts/events/device-cloned.js';
import { deviceKeyRotated } from '@muster/contracts/events/device-key-rotated.js';
import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import { deviceSoftwareTold } from '@muster/contracts/events/device-software-told.js';
import { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import { distribution } from '@muster/contracts/kinds/distribution.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { behind, on, onMany } from '@muster/messaging/consumer.js';
import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { AlertsModule } from './alerts/alerts.module.js';
import { AlertSubscriptionsModule } from './subscriptions/alert-subscriptions.module.js';
import { AuditModule } from './audit/audit.module.js';
import { type DeploymentConfig, deploymentConfigSchema } from './config.js';
import { CollectionsModule } from './collections/collections.module.js';
import { DeploymentsModule } from './deployments/deployments.module.js';
import { SequenceFollower } from './deployments/sequence-follower.js';
import { DevicesModule } from './devices/devices.module.js';
import { DeviceSightings } from './devices/device-sightings.js';
import { Enrolments } from './devices/enrolment.js';
import { Inventories } from './devices/inventory.js';
import { DeviceSoftwareRecords } from './software/device-software.service.js';
import { EventsModule } from './events/events.module.js';
import { FateRecorder } from './fates/fate-recorder.js';
import { FatesModule } from './fates/fates.module.js';
import { News } from './news/news.js';
import { NewsModule } from './news/news.module.js';
import { MembershipModule } from './membership/membership.module.js';
import { MembershipRepository } from './membership/membership.repository.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { Rollouts } from './rollouts/rollouts.service.js';
import { RolloutsModule } from './rollouts/rollouts.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { RunRecorder } from './runs/run-recorder.js';
import { RunsModule } from './runs/runs.module.js';
import { SettingsModule } from './settings/settings.module.js';
import { SitesModule } from './sites/sites.module.js';
import { WakeUpsModule } from './wake-ups/wake-ups.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { WindowsModule } from './windows/windows.module.js';

const sequences = resourceEvents(taskSequence);
const distributions = resourceEvents(distribution);

/** Who gets it and when: devices, collections, deployments and their runs. */
export const deploymentService: ServiceDefinition<DeploymentConfig> = {
  service: 'deployment',
  config: deploymentConfigSchema,
  migrations: migrationsBeside(import.meta.dirname),
  modules: [
    EventsModule,
    DevicesModule,
    CollectionsModule,
    SettingsModule,
    WindowsModule,
    MonitoringModule,
    DeploymentsModule,
    RunsModule,
    FatesModule,
    NewsModule,
    AlertsModule,
    AlertSubscriptionsModule,
    WakeUpsModule,
    NotificationsModule,
    WebhooksModule,
    AuditModule,
    SitesModule,
  ],
  subscriptions: {
    imports: [DevicesModule, DeploymentsModule, RunsModule, FatesModule, NewsModule, MembershipModule, RolloutsModule],
    inject: [
      Enrolments,
      Inventories,
      DeviceSoftwareRecords,
      DeviceSightings,
      RunRecorder,
      FateRecorder,
      SequenceFollower,
      News,
      MembershipRepository,
      Rollouts,
    ],
    useFactory: (
      enrolments: Enrolments,
      inventories: Inventories,
      software: DeviceSoftwareRecords,
      sightings: DeviceSightings,
      runs: RunRecorder,
      fates: FateRecorder,
      follower: SequenceFollower,
      news: News,
      membership: MembershipRepository,
      rollouts: Rollouts,
    ) => ({
      // Most of these facts change what hangs on membership, and some change it: nobody else does meanwhile.
      policy: behind(
        async (tx, facts) => {
          await membership.hold(tx);
          const judged = facts.of(deploymentJudged).map(({ deploymentUid }) => deploymentUid);
          const told = facts.of(runReported).map(({ runId }) => runId);
          await rollouts.holdMany(tx, judged, told);
        },
        [
          on(deviceEnrolled, (tx, enrolment) => enrolments.apply(tx, enrolment)),
          on(deviceCloned, (tx, cloned) => sightings.cloned(tx, cloned)),
          on(deviceKeyRotated, (tx, rotated) => sightings.keyRotated(tx, rotated)),
          on(devicesSeen, (tx, seen) => sightings.seen(tx, seen)),
          on(deviceInventoried, (tx, inventory) => inventories.apply(tx, inventory)),
          on(deviceSoftwareTold, (tx, told) => software.apply(tx, told)),
          onMany(runReported, (tx, facts) => runs.apply(tx, facts)),
          onMany(fatesTold, (tx, facts) =>
            fates.apply(
              tx,
              facts.map(({ payload }) => payload),
            ),
          ),
          on(deploymentJudged, (tx, { deploymentUid, policy, body }) =>
            follower.judged(tx, deploymentUid, policy, body),
          ),
        ],
      ),
      // They change many deployments, as what comes from other sites does: that waits for these. Alone, since facts of policy that share the
      // lock may come to take it alone too: two who share it would wait for each other then.
      catalog: behind(
        (tx) => membership.lock(tx),
        [
          on(sequences.saved, async (tx, { resource, actor }) => {
            await follower.sequenceSaved(tx, resource);
            await news.sequenceSaved(tx, resource, actor);
          }),
          on(sequences.deleted, async (tx, { resource, actor }) => {
            await follower.sequenceDeleted(tx, resource);
            await news.sequenceDeleted(tx, resource, actor);
          }),
        ],
      ),
      content: [
        on(distributions.saved, (tx, { resource }) => news.distributionSaved(tx, resource)),
        on(distributions.deleted, (tx, { resource }) => news.distributionDeleted(tx, resource)),
      ],
    }),
  },
};
