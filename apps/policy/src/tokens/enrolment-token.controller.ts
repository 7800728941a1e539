import { Body, Controller, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { enrolmentTokenRequestSchema, enrolmentTokenResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { EnrolmentTokens } from './enrolment-tokens.service.js';

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
    summary: 'Makes a token with which one computer can enrol, once; it is shown this once',
  })
  @ApiResponse({ status: 201, standardSchema: enrolmentTokenResponseSchema })
  async create(
    @Body({ schema: enrolmentTokenRequestSchema }) request: z.infer<typeof enrolmentTokenRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof enrolmentTokenResponseSchema>> {
    return this.tokens.create(request, actorName(principalOf(http)));
  }
}
