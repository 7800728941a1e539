import { Module } from '@nestjs/common';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { SequenceIndexRepository } from '../search/sequence-index.repository.js';
import { ChildSequenceRepository } from './child-sequence.repository.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';
import { TaskSequenceMessages } from './task-sequence.messages.js';
import { taskSequenceRules } from './task-sequence.rules.js';
import { TASK_SEQUENCES } from './task-sequences.token.js';

@Module({
  controllers: [restController(taskSequence, TASK_SEQUENCES), grpcController(taskSequence, TASK_SEQUENCES)],
  providers: [
    { provide: SequenceRevisionRepository, useFactory: () => new SequenceRevisionRepository() },
    { provide: ChildSequenceRepository, useFactory: () => new ChildSequenceRepository() },
    { provide: SequenceIndexRepository, useFactory: () => new SequenceIndexRepository() },
    {
      provide: TASK_SEQUENCES,
      inject: [Database, Outbox, Bus, SequenceRevisionRepository, ChildSequenceRepository, SequenceIndexRepository],
      useFactory: (
        database: Database,
        outbox: Outbox,
        bus: Bus,
        revisions: SequenceRevisionRepository,
        children: ChildSequenceRepository,
        indexes: SequenceIndexRepository,
      ) => {
        const rules = taskSequenceRules(database, revisions, children, indexes, bus);
        return new ResourceStore(taskSequence, 'task_sequence', database, outbox, rules);
      },
    },
    TaskSequenceMessages,
  ],
  exports: [TASK_SEQUENCES, SequenceRevisionRepository, ChildSequenceRepository, SequenceIndexRepository],
})
export class TaskSequencesModule {}
