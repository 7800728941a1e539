import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type SequenceFromTemplate,
  sequenceFromTemplateSchema,
  type SequenceTemplateList,
  sequenceTemplateListSchema,
} from '@muster/contracts/kinds/sequence-template.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { etag, idempotencyOf } from '@muster/service/resources/rest.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { changeQuerySchema } from '../revisions/revisions.controller.js';
import { TemplatesService } from './templates.service.js';

/** The REST door of creation templates. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences/-/templates')
export class TemplatesController {
  constructor(@Inject(TemplatesService) private readonly templates: TemplatesService) {}

  @Get()
  @ApiOperation({ operationId: 'listSequenceTemplates', summary: 'Lists creation templates with their parameters' })
  @ApiResponse({ status: 200, standardSchema: sequenceTemplateListSchema })
  list(): SequenceTemplateList {
    return this.templates.list();
  }

  @Post(':template')
  @ApiOperation({
    operationId: 'createSequenceFromTemplate',
    summary: 'Creates a task sequence of a template; refused when the name exists',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating repeats the answer, not the deed' })
  @ApiResponse({ status: 201, standardSchema: taskSequence.resource })
  async create(
    @Param('template', { schema: nameSchema }) template: string,
    @Body({ schema: sequenceFromTemplateSchema }) wanted: SequenceFromTemplate,
    @Query({ schema: changeQuerySchema }) query: z.infer<typeof changeQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const actor = actorName(principalOf(request));
    const resource = await this.templates.create(template, wanted, {
      actor,
      dryRun: query.dryRun ?? false,
      comment: query.comment,
      idempotency: idempotencyOf(request, actor, 'sequence-template', { template, wanted }),
    });
    void reply.header('ETag', etag(resource)).header('Location', `/api/v1/task-sequences/${resource.metadata.name}`);
    return resource;
  }
}
