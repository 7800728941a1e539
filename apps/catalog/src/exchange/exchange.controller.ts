import { Body, Controller, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type ExportRequest,
  exportRequestSchema,
  type ExportResponse,
  exportResponseSchema,
  type ImportRequest,
  importRequestSchema,
  type ImportResponse,
  importResponseSchema,
} from '@muster/contracts/kinds/sequence-exchange.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ExportService } from './export.service.js';
import { ImportService } from './import.service.js';

/** The REST door of export and import. No sequence can be called `-`. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences')
export class ExchangeController {
  constructor(
    @Inject(ExportService) private readonly exporting: ExportService,
    @Inject(ImportService) private readonly importing: ImportService,
  ) {}

  @Post('-/export')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'exportTaskSequences',
    summary: 'Sequences with what they need, for another site: never a secret, but where each was',
  })
  @ApiResponse({ status: 200, standardSchema: exportResponseSchema })
  export(@Body({ schema: exportRequestSchema }) request: ExportRequest): Promise<ExportResponse> {
    return this.exporting.export(request);
  }

  @Post('-/import')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'importTaskSequences',
    summary: 'Saves sequences of an export: all in one transaction or none. Repeating it changes nothing',
    description: 'With dryRun: what would become of each, which secrets it needs, and why it would be refused.',
  })
  @ApiResponse({ status: 200, standardSchema: importResponseSchema })
  import(
    @Body({ schema: importRequestSchema }) request: ImportRequest,
    @Query({ schema: writeQuerySchema }) query: z.infer<typeof writeQuerySchema>,
    @Req() http: FastifyRequest,
  ): Promise<ImportResponse> {
    const actor = actorName(principalOf(http));
    return this.importing.import(request, { actor, dryRun: query.dryRun ?? false });
  }
}
