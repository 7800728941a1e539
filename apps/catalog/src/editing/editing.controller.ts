import { Body, Controller, Inject, Param, Patch, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SEQUENCE_PATCH_MEDIA_TYPE } from '@muster/contracts/kinds/sequence-revision.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { MusterError } from '@muster/platform/errors.js';
import { type SequencePatch, sequencePatchSchema } from '@muster/sequence/edit/patch-model.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { ignoresLock } from '@muster/service/resources/ignore-lock.js';
import { etag, idempotencyOf, ifMatchOf } from '@muster/service/resources/rest.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { changeQuerySchema } from '../revisions/revisions.controller.js';
import { EditingService } from './editing.service.js';

/** The REST door of patches by node. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences')
export class EditingController {
  constructor(@Inject(EditingService) private readonly editing: EditingService) {}

  @Patch(':name')
  @ApiOperation({
    operationId: 'patchTaskSequence',
    summary: 'Changes a task sequence by node: add, remove, move, copy, rename, enable, disable, merge, replace',
  })
  @ApiConsumes(SEQUENCE_PATCH_MEDIA_TYPE)
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that must still be current' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating repeats the answer, not the deed' })
  @ApiResponse({ status: 200, standardSchema: taskSequence.resource })
  async patch(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: sequencePatchSchema }) patch: SequencePatch,
    @Query({ schema: changeQuerySchema }) query: z.infer<typeof changeQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    checkMediaType(request);
    const actor = actorName(principalOf(request));
    const resource = await this.editing.patch(name, patch, {
      actor,
      dryRun: query.dryRun ?? false,
      comment: query.comment,
      ifMatch: ifMatchOf(request),
      ignoreLock: ignoresLock(request.headers),
      idempotency: idempotencyOf(request, actor, 'patch-sequence', { name, patch, comment: query.comment ?? null }),
    });
    void reply.header('ETag', etag(resource));
    return resource;
  }
}

/** A patch of another kind (JSON Merge Patch, JSON Patch) would mean something else. */
function checkMediaType({ headers }: FastifyRequest): void {
  if (headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === SEQUENCE_PATCH_MEDIA_TYPE) return;
  throw new MusterError(
    'invalid',
    'request.media-type',
    `PATCH of a task sequence takes Content-Type: ${SEQUENCE_PATCH_MEDIA_TYPE}`,
  );
}
