import { Module } from '@nestjs/common';
import { Outbox } from '@muster/persistence/outbox.js';
import { CollectionGraphRepository } from './collection-graph.repository.js';
import { Membership } from './membership.js';
import { MembershipRepository } from './membership.repository.js';

@Module({
  providers: [
    { provide: MembershipRepository, useFactory: () => new MembershipRepository() },
    { provide: CollectionGraphRepository, useFactory: () => new CollectionGraphRepository() },
    {
      provide: Membership,
      inject: [MembershipRepository, CollectionGraphRepository, Outbox],
      useFactory: (repository: MembershipRepository, graph: CollectionGraphRepository, outbox: Outbox) =>
        new Membership(repository, graph, outbox),
    },
  ],
  exports: [Membership, MembershipRepository, CollectionGraphRepository],
})
export class MembershipModule {}
