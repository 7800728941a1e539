import { Module } from '@nestjs/common';
import { AuthoringGrpcController } from './authoring.grpc.js';
import { EditingController } from './editing/editing.controller.js';
import { EditingService } from './editing/editing.service.js';
import { ExchangeController } from './exchange/exchange.controller.js';
import { ExportService } from './exchange/export.service.js';
import { ImportService } from './exchange/import.service.js';
import { RevisionsController } from './revisions/revisions.controller.js';
import { RevisionsService } from './revisions/revisions.service.js';
import { SchemaController } from './schema/schema.controller.js';
import { OutdatedIndexes } from './search/outdated-indexes.js';
import { SearchController } from './search/search.controller.js';
import { SearchService } from './search/search.service.js';
import { TaskSequencesModule } from './task-sequences/task-sequences.module.js';

/** What authors do with sequences besides applying whole documents. */
@Module({
  imports: [TaskSequencesModule],
  controllers: [
    ExchangeController,
    RevisionsController,
    EditingController,
    SearchController,
    SchemaController,
    AuthoringGrpcController,
  ],
  providers: [ExportService, ImportService, RevisionsService, EditingService, SearchService, OutdatedIndexes],
})
export class AuthoringModule {}
