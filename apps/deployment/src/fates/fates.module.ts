import { Module } from '@nestjs/common';
import { FateRecorder } from './fate-recorder.js';
import { FateRepository } from './fate.repository.js';

@Module({
  providers: [
    { provide: FateRepository, useFactory: () => new FateRepository() },
    {
      provide: FateRecorder,
      inject: [FateRepository],
      useFactory: (repository: FateRepository) => new FateRecorder(repository),
    },
  ],
  exports: [FateRepository, FateRecorder],
})
export class FatesModule {}
