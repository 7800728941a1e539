import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  enrolmentTokenListSchema,
  enrolmentTokenRequestSchema,
  enrolmentTokenResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { EnrolmentTokens } from './enrolment-tokens.service.js';

const itemSchema = enrolmentTokenListSchema.shape.items.element;

/** Tokens of computers that shall become devices. */
@ApiTags('Tokens')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/enrolment-tokens')
export class EnrolmentTokenController {
  constructor(@Inject(EnrolmentTokens) private readonly tokens: EnrolmentTokens) {}

  @Post()
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'createEnrolmentToken',
    summary: 'Makes a token with which computers can enrol; it is shown this once',
  })
  @ApiResponse({ status: 201, standardSchema: enrolmentTokenResponseSchema })
  async create(
    @Body({ schema: enrolmentTokenRequestSchema }) request: z.infer<typeof enrolmentTokenRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof enrolmentTokenResponseSchema>> {
    return this.tokens.create(request, actorName(principalOf(http)));
  }

  @Get()
  @ApiOperation({
    operationId: 'listEnrolmentTokens',
    summary: 'Lists enrolment tokens, the newest first, without their secrets',
  })
  @ApiResponse({ status: 200, standardSchema: enrolmentTokenListSchema })
  async list(): Promise<z.infer<typeof enrolmentTokenListSchema>> {
    return { items: await this.tokens.list() };
  }

  @Delete(':uid')
  @ApiOperation({ operationId: 'revokeEnrolmentToken', summary: 'Revokes an enrolment token; answers what it is now' })
  @ApiResponse({ status: 200, standardSchema: itemSchema })
  async revoke(@Param('uid', { schema: uidSchema }) uid: string): Promise<z.infer<typeof itemSchema>> {
    return this.tokens.revoke(uid);
  }
}
