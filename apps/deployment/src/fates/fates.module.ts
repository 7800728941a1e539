import { Module } from '@nestjs/common';
import { MembershipModule } from '../membership/membership.module.js';
import { MembershipRepository } from '../membership/membership.repository.js';
import { FateRecorder } from './fate-recorder.js';
import { FateRepository } from './fate.repository.js';

@Module({
  imports: [MembershipModule],
  providers: [
    { provide: FateRepository, useFactory: () => new FateRepository() },
    {
      provide: FateRecorder,
      inject: [FateRepository, MembershipRepository],
      useFactory: (repository: FateRepository, membership: MembershipRepository) =>
        new FateRecorder(repository, membership),
    },
  ],
  exports: [FateRepository, FateRecorder],
})
export class FatesModule {}
