import { Module } from '@nestjs/common';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { DanglingReferenceRepository } from '../dangling/dangling-reference.repository.js';
import { FolderRepository } from '../folders/folder.repository.js';
import { EditLockRepository } from '../locks/edit-lock.repository.js';
import { SealedSecretRepository } from '../secrets/sealed-secret.repository.js';
import { SequenceSecrets } from '../secrets/sequence-secrets.service.js';
import { SequenceIndexRepository } from '../search/sequence-index.repository.js';
import { ChildSequenceRepository } from './child-sequence.repository.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';
import { SequenceTables } from './sequence-tables.js';
import { TaskSequenceMessages } from './task-sequence.messages.js';
import { taskSequenceRules } from './task-sequence.rules.js';
import { TASK_SEQUENCES } from './task-sequences.token.js';

@Module({
  controllers: [restController(taskSequence, TASK_SEQUENCES), grpcController(taskSequence, TASK_SEQUENCES)],
  providers: [
    { provide: SequenceRevisionRepository, useFactory: () => new SequenceRevisionRepository() },
    { provide: ChildSequenceRepository, useFactory: () => new ChildSequenceRepository() },
    { provide: FolderRepository, useFactory: () => new FolderRepository() },
    { provide: SequenceIndexRepository, useFactory: () => new SequenceIndexRepository() },
    { provide: EditLockRepository, useFactory: () => new EditLockRepository() },
    { provide: DanglingReferenceRepository, useFactory: () => new DanglingReferenceRepository() },
    SequenceTables,
    SealedSecretRepository,
    SequenceSecrets,
    {
      provide: TASK_SEQUENCES,
      inject: [Database, Outbox, Bus, Replicas, SequenceTables, SequenceSecrets],
      useFactory: (
        database: Database,
        outbox: Outbox,
        bus: Bus,
        replicas: Replicas,
        tables: SequenceTables,
        secrets: SequenceSecrets,
      ) => {
        const rules = taskSequenceRules(database, tables, bus, secrets, () => new Date());
        return new ResourceStore(taskSequence, 'task_sequence', database, outbox, rules, replicas);
      },
    },
    TaskSequenceMessages,
  ],
  exports: [
    TASK_SEQUENCES,
    SequenceRevisionRepository,
    ChildSequenceRepository,
    SequenceIndexRepository,
    FolderRepository,
    EditLockRepository,
    DanglingReferenceRepository,
  ],
})
export class TaskSequencesModule {}
