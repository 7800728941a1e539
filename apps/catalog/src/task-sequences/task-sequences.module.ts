import { Module } from '@nestjs/common';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { ChildSequenceRepository } from './child-sequence.repository.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';
import { TaskSequenceMessages } from './task-sequence.messages.js';
import { taskSequenceRules } from './task-sequence.rules.js';

export const TASK_SEQUENCES = Symbol('task sequences');

@Module({
  controllers: [restController(taskSequence, TASK_SEQUENCES), grpcController(taskSequence, TASK_SEQUENCES)],
  providers: [
    { provide: SequenceRevisionRepository, useFactory: () => new SequenceRevisionRepository() },
    { provide: ChildSequenceRepository, useFactory: () => new ChildSequenceRepository() },
    {
      provide: TASK_SEQUENCES,
      inject: [Database, Outbox, Bus, SequenceRevisionRepository, ChildSequenceRepository],
      useFactory: (
        database: Database,
        outbox: Outbox,
        bus: Bus,
        revisions: SequenceRevisionRepository,
        children: ChildSequenceRepository,
      ) => {
        const rules = taskSequenceRules(database, revisions, children, bus);
        return new ResourceStore(taskSequence, 'task_sequence', database, outbox, rules);
      },
    },
    TaskSequenceMessages,
  ],
})
export class TaskSequencesModule {}
