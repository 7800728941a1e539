import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { TASK_SEQUENCE_SCHEMA_FILE } from '@muster/contracts/schema-files.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The address of the schema of sequence documents: open, because editors have no token and it says nothing of the site. */
export const SCHEMA_PATH = '/api/v1/task-sequences/-/schema.json';

/** JSON Schema for editors. */
@ApiTags('TaskSequence')
@Controller(SCHEMA_PATH)
export class SchemaController {
  private text: string | undefined;
  private etag = '';

  @Get()
  @ApiOperation({
    operationId: 'getTaskSequenceSchema',
    summary: 'The JSON Schema (2020-12) of a TaskSequence document, for completion in editors; needs no token',
  })
  @ApiResponse({ status: 200, description: 'JSON Schema', content: { 'application/schema+json': {} } })
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.text ??= readFileSync(TASK_SEQUENCE_SCHEMA_FILE, 'utf8');
    this.etag ||= `"${createHash('sha256').update(this.text).digest('hex').slice(0, 32)}"`;
    void reply.header('ETag', this.etag).header('Cache-Control', 'public, max-age=300');
    if (request.headers['if-none-match'] === this.etag) void reply.status(304).send();
    else void reply.header('Content-Type', 'application/schema+json; charset=utf-8').send(this.text);
  }
}
