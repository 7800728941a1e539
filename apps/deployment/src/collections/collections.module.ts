import { Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { collection, type CollectionSpec, type CollectionStatus } from '@muster/contracts/kinds/collection.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { DeviceRepository } from '../devices/device.repository.js';
import { DeploymentRepository } from '../deployments/deployment.repository.js';
import { Membership } from '../membership/membership.js';
import { MembershipModule } from '../membership/membership.module.js';
import { CollectionGraphRepository } from '../membership/collection-graph.repository.js';
import { MembershipRepository } from '../membership/membership.repository.js';
import { MembersController } from './members.controller.js';
import { MembersGrpcController } from './members.grpc.js';
import { MembersService } from './members.service.js';
import { ClientSettingsRepository } from '../settings/client-settings.repository.js';
import { Variables } from '../variables/variables.service.js';
import { VariablesModule } from '../variables/variables.module.js';
import { makeBuiltIns } from './built-in.js';
import { collectionRules } from './collection.rules.js';
import { COLLECTIONS } from './collections.token.js';

@Module({
  imports: [MembershipModule, VariablesModule],
  controllers: [
    MembersController,
    MembersGrpcController,
    restController(collection, COLLECTIONS),
    grpcController(collection, COLLECTIONS),
  ],
  providers: [
    {
      provide: COLLECTIONS,
      inject: [
        Database,
        Outbox,
        Replicas,
        Membership,
        MembershipRepository,
        CollectionGraphRepository,
        Variables,
        ClientSettingsRepository,
      ],
      useFactory: (
        database: Database,
        outbox: Outbox,
        replicas: Replicas,
        membership: Membership,
        members: MembershipRepository,
        graph: CollectionGraphRepository,
        variables: Variables,
        settings: ClientSettingsRepository,
      ) =>
        new ResourceStore(
          collection,
          'collection',
          database,
          outbox,
          collectionRules(
            database,
            membership,
            members,
            graph,
            new DeploymentRepository(),
            variables,
            settings,
            replicas.site,
          ),
          replicas,
        ),
    },
    { provide: ClientSettingsRepository, useFactory: () => new ClientSettingsRepository() },
    { provide: DeploymentRepository, useFactory: () => new DeploymentRepository() },
    { provide: DeviceRepository, useFactory: () => new DeviceRepository() },
    MembersService,
  ],
})
export class CollectionsModule implements OnApplicationBootstrap {
  constructor(
    @Inject(COLLECTIONS) private readonly collections: ResourceStore<CollectionSpec, CollectionStatus>,
    @Inject(Membership) private readonly membership: Membership,
    @Inject(Database) private readonly database: Database,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await makeBuiltIns(this.collections, this.membership, this.database);
  }
}
