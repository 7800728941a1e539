import { Module } from '@nestjs/common';
import { AuthoringGrpcController } from './authoring.grpc.js';
import { EditingController } from './editing/editing.controller.js';
import { EditingService } from './editing/editing.service.js';
import { ExchangeController } from './exchange/exchange.controller.js';
import { ExchangeGrpcController } from './exchange/exchange.grpc.js';
import { ExportService } from './exchange/export.service.js';
import { ImportService } from './exchange/import.service.js';
import { FoldersController } from './folders/folders.controller.js';
import { FoldersGrpcController } from './folders/folders.grpc.js';
import { FoldersService } from './folders/folders.service.js';
import { ReplicatedFolder } from './folders/replicated-folder.js';
import { EditLocksController } from './locks/edit-locks.controller.js';
import { EditLocksGrpcController } from './locks/edit-locks.grpc.js';
import { EditLocksService } from './locks/edit-locks.service.js';
import { RevisionsController } from './revisions/revisions.controller.js';
import { RevisionsService } from './revisions/revisions.service.js';
import { SchemaController } from './schema/schema.controller.js';
import { OutdatedIndexes } from './search/outdated-indexes.js';
import { SearchController } from './search/search.controller.js';
import { SearchService } from './search/search.service.js';
import { TaskSequencesModule } from './task-sequences/task-sequences.module.js';
import { TemplatesController } from './templates/templates.controller.js';
import { TemplatesService } from './templates/templates.service.js';

/** What authors do with sequences besides applying whole documents. */
@Module({
  imports: [TaskSequencesModule],
  controllers: [
    ExchangeController,
    ExchangeGrpcController,
    RevisionsController,
    EditingController,
    SearchController,
    SchemaController,
    TemplatesController,
    FoldersController,
    FoldersGrpcController,
    EditLocksController,
    EditLocksGrpcController,
    AuthoringGrpcController,
  ],
  providers: [
    RevisionsService,
    EditingService,
    SearchService,
    TemplatesService,
    FoldersService,
    ReplicatedFolder,
    EditLocksService,
    ExportService,
    ImportService,
    OutdatedIndexes,
  ],
})
export class AuthoringModule {}
