import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type ApplicationDifference,
  applicationDifferenceSchema,
  type ApplicationRevision,
  type ApplicationRevisionList,
  applicationRevisionListSchema,
  applicationRevisionSchema,
} from '@muster/contracts/kinds/application-revision.js';
import { application } from '@muster/contracts/kinds/application.js';
import { commentSchema } from '@muster/contracts/kinds/sequence-revision.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { etag, idempotencyOf, ifMatchOf, writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApplicationRevisionsService } from './application-revisions.service.js';

/** The number of a revision in an address. */
export const revisionNumberSchema = z.coerce.number().int().min(1).max(2_000_000_000);
const compareQuerySchema = z.strictObject({
  with: revisionNumberSchema.optional().describe('The other revision; default: the newest'),
});
const restoreQuerySchema = z.strictObject({ ...writeQuerySchema.shape, comment: commentSchema.optional() });

/** The REST door of revisions of applications. */
@ApiTags('Application')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/applications/:name/revisions')
export class ApplicationRevisionsController {
  constructor(@Inject(ApplicationRevisionsService) private readonly revisions: ApplicationRevisionsService) {}

  @Get()
  @ApiOperation({
    operationId: 'listApplicationRevisions',
    summary: 'Lists the revisions of an application, newest first',
  })
  @ApiResponse({ status: 200, standardSchema: applicationRevisionListSchema })
  list(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<ApplicationRevisionList> {
    return this.revisions.list(name, { limit: query.limit ?? 100, continue: query.continue });
  }

  @Get(':revision')
  @ApiOperation({ operationId: 'getApplicationRevision', summary: 'Reads one revision with its specification' })
  @ApiResponse({ status: 200, standardSchema: applicationRevisionSchema })
  get(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
  ): Promise<ApplicationRevision> {
    return this.revisions.get(name, revision);
  }

  @Get(':revision/difference')
  @ApiOperation({ operationId: 'compareApplicationRevisions', summary: 'What changed from one revision to another' })
  @ApiResponse({ status: 200, standardSchema: applicationDifferenceSchema })
  compare(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
    @Query({ schema: compareQuerySchema }) query: z.infer<typeof compareQuerySchema>,
  ): Promise<ApplicationDifference> {
    return this.revisions.compare(name, revision, query.with);
  }

  @Post(':revision/restore')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'restoreApplicationRevision',
    summary: 'Saves an old specification as a new revision',
  })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that must still be current' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating repeats the answer, not the deed' })
  @ApiResponse({ status: 200, standardSchema: application.resource })
  async restore(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
    @Query({ schema: restoreQuerySchema }) { dryRun = false, comment }: z.infer<typeof restoreQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const actor = actorName(principalOf(request));
    const deed = { name, revision, comment: comment ?? null };
    const resource = await this.revisions.restore(name, revision, {
      actor,
      dryRun,
      comment,
      ifMatch: ifMatchOf(request),
      idempotency: idempotencyOf(request, actor, 'restore-application-revision', deed),
    });
    void reply.header('ETag', etag(resource));
    return resource;
  }
}
