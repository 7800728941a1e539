import { Module } from '@nestjs/common';
import { Outbox } from '@muster/persistence/outbox.js';
import { Membership } from './membership.js';
import { MembershipRepository } from './membership.repository.js';

@Module({
  providers: [
    { provide: MembershipRepository, useFactory: () => new MembershipRepository() },
    {
      provide: Membership,
      inject: [MembershipRepository, Outbox],
      useFactory: (repository: MembershipRepository, outbox: Outbox) => new Membership(repository, outbox),
    },
  ],
  exports: [Membership, MembershipRepository],
})
export class MembershipModule {}
