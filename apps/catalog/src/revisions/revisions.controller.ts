import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  commentSchema,
  revisionDifferenceSchema,
  revisionListSchema,
  revisionSchema,
  type Revision,
  type RevisionDifference,
  type RevisionList,
} from '@muster/contracts/kinds/sequence-revision.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { ignoresLock } from '@muster/service/resources/ignore-lock.js';
import { etag, idempotencyOf, ifMatchOf, writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { RevisionsService } from './revisions.service.js';

/** The number of a revision in an address. */
export const revisionNumberSchema = z.coerce.number().int().min(1).max(2_000_000_000);
const compareQuerySchema = z.strictObject({
  with: revisionNumberSchema.optional().describe('The other revision; default: the newest'),
});
/** What a change may say beside itself. */
export const changeQuerySchema = z.strictObject({ ...writeQuerySchema.shape, comment: commentSchema.optional() });

/** The REST door of revisions. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences/:name/revisions')
export class RevisionsController {
  constructor(@Inject(RevisionsService) private readonly revisions: RevisionsService) {}

  @Get()
  @ApiOperation({ operationId: 'listRevisions', summary: 'Lists the revisions of a task sequence, newest first' })
  @ApiResponse({ status: 200, standardSchema: revisionListSchema })
  async list(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<RevisionList> {
    return this.revisions.list(name, { limit: query.limit ?? 100, continue: query.continue });
  }

  @Get(':revision')
  @ApiOperation({ operationId: 'getRevision', summary: 'Reads one revision with its specification' })
  @ApiResponse({ status: 200, standardSchema: revisionSchema })
  async get(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
  ): Promise<Revision> {
    return this.revisions.get(name, revision);
  }

  @Get(':revision/difference')
  @ApiOperation({ operationId: 'compareRevisions', summary: 'What changed from one revision to another, by node' })
  @ApiResponse({ status: 200, standardSchema: revisionDifferenceSchema })
  async compare(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
    @Query({ schema: compareQuerySchema }) query: z.infer<typeof compareQuerySchema>,
  ): Promise<RevisionDifference> {
    return this.revisions.compare(name, revision, query.with);
  }

  @Post(':revision/restore')
  @HttpCode(200)
  @ApiOperation({ operationId: 'restoreRevision', summary: 'Saves an old specification as a new revision' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that must still be current' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating repeats the answer, not the deed' })
  @ApiResponse({ status: 200, standardSchema: taskSequence.resource })
  async restore(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: revisionNumberSchema }) revision: number,
    @Query({ schema: changeQuerySchema }) query: z.infer<typeof changeQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const actor = actorName(principalOf(request));
    const resource = await this.revisions.restore(name, revision, {
      actor,
      dryRun: query.dryRun ?? false,
      comment: query.comment,
      ifMatch: ifMatchOf(request),
      ignoreLock: ignoresLock(request.headers),
      idempotency: idempotencyOf(request, actor, 'restore-revision', {
        name,
        revision,
        comment: query.comment ?? null,
      }),
    });
    void reply.header('ETag', etag(resource));
    return resource;
  }
}
