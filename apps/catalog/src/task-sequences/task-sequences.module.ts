import { Module } from '@nestjs/common';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';
import { TaskSequenceMessages } from './task-sequence.messages.js';
import { taskSequenceRules } from './task-sequence.rules.js';

export const TASK_SEQUENCES = Symbol('task sequences');

@Module({
  controllers: [restController(taskSequence, TASK_SEQUENCES), grpcController(taskSequence, TASK_SEQUENCES)],
  providers: [
    { provide: SequenceRevisionRepository, useFactory: () => new SequenceRevisionRepository() },
    {
      provide: TASK_SEQUENCES,
      inject: [Database, Outbox, Bus, SequenceRevisionRepository],
      useFactory: (database: Database, outbox: Outbox, bus: Bus, revisions: SequenceRevisionRepository) =>
        new ResourceStore(taskSequence, 'task_sequence', database, outbox, taskSequenceRules(revisions, bus)),
    },
    TaskSequenceMessages,
  ],
})
export class TaskSequencesModule {}
