import { networkInterfaces } from 'node:os';
import { Module } from '@nestjs/common';
import { deployment, type DeploymentSpec, type DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from '../events/event-log.js';
import { DeploymentMessages } from './deployment.messages.js';
import { DeploymentRepository } from './deployment.repository.js';
import { deploymentRules } from './deployment.rules.js';
import { FateRepository } from '../fates/fate.repository.js';
import { FatesModule } from '../fates/fates.module.js';
import { MembershipModule } from '../membership/membership.module.js';
import { MembershipRepository } from '../membership/membership.repository.js';
import { Rollouts } from '../rollouts/rollouts.service.js';
import { RolloutsModule } from '../rollouts/rollouts.module.js';
import { ownCards } from './own-cards.js';
import { SequenceFollower } from './sequence-follower.js';

const DEPLOYMENTS = Symbol('deployments');

@Module({
  imports: [RolloutsModule, FatesModule, MembershipModule],
  controllers: [restController(deployment, DEPLOYMENTS), grpcController(deployment, DEPLOYMENTS)],
  providers: [
    { provide: DeploymentRepository, useFactory: () => new DeploymentRepository() },
    {
      provide: DEPLOYMENTS,
      inject: [
        Database,
        Outbox,
        Replicas,
        Bus,
        DeploymentRepository,
        Rollouts,
        EventLog,
        FateRepository,
        MembershipRepository,
        CONFIG,
      ],
      useFactory: (
        database: Database,
        outbox: Outbox,
        replicas: Replicas,
        bus: Bus,
        repository: DeploymentRepository,
        rollouts: Rollouts,
        events: EventLog,
        fates: FateRepository,
        membership: MembershipRepository,
        config: DeploymentConfig,
      ) =>
        new ResourceStore(
          deployment,
          'deployment',
          database,
          outbox,
          deploymentRules(database, bus, repository, rollouts, events, fates, membership, {
            agreementAbove: config.MUSTER_HIGH_RISK_DEVICES,
            most: config.MUSTER_HIGH_RISK_MOST_DEVICES,
            siteServers: config.MUSTER_HIGH_RISK_SITE_SERVERS,
            servers: config.MUSTER_HIGH_RISK_SERVERS,
            ofSite: {
              code: config.MUSTER_SITE,
              names: config.MUSTER_SITE_SERVERS,
              hardware: ownCards(networkInterfaces()),
            },
          }),
          replicas,
        ),
    },
    {
      provide: SequenceFollower,
      inject: [DEPLOYMENTS, DeploymentRepository, Rollouts, Outbox],
      useFactory: (
        deployments: ResourceStore<DeploymentSpec, DeploymentStatus>,
        repository: DeploymentRepository,
        rollouts: Rollouts,
        outbox: Outbox,
      ) => new SequenceFollower(deployments, repository, rollouts, outbox),
    },
    DeploymentMessages,
  ],
  exports: [SequenceFollower],
})
export class DeploymentsModule {}
