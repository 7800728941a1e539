import { Module } from '@nestjs/common';
import { clientSettings } from '@muster/contracts/kinds/client-settings.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CollectionGraphRepository } from '../membership/collection-graph.repository.js';
import { Membership } from '../membership/membership.js';
import { MembershipModule } from '../membership/membership.module.js';
import { clientSettingsRules } from './client-settings.rules.js';

const CLIENT_SETTINGS = Symbol('client settings');

@Module({
  imports: [MembershipModule],
  controllers: [restController(clientSettings, CLIENT_SETTINGS), grpcController(clientSettings, CLIENT_SETTINGS)],
  providers: [
    {
      provide: CLIENT_SETTINGS,
      inject: [Database, Outbox, Replicas, Membership, CollectionGraphRepository],
      useFactory: (
        database: Database,
        outbox: Outbox,
        replicas: Replicas,
        membership: Membership,
        graph: CollectionGraphRepository,
      ) =>
        new ResourceStore(
          clientSettings,
          'client_settings',
          database,
          outbox,
          clientSettingsRules(membership, graph),
          replicas,
        ),
    },
  ],
})
export class SettingsModule {}
