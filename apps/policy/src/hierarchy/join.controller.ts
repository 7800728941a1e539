import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  joinAnswerSchema,
  joinParentRequestSchema,
  joinRequestSchema,
  joinTokenListSchema,
  joinTokenRequestSchema,
  joinTokenResponseSchema,
  joinTokenSchema,
  type JoinAnswer,
  type JoinRequest,
} from '@muster/contracts/hierarchy/joining.js';
import { hierarchySiteSchema, type HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Admissions } from './admissions.service.js';
import { JoinParent } from './join-parent.service.js';
import { JoinTokens } from './join-tokens.service.js';

/** How sites come together. `joins` is what a child calls at its parent; its token and its proof are in the body. */
@ApiTags('Hierarchy')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/hierarchy')
export class JoinController {
  constructor(
    @Inject(JoinTokens) private readonly tokens: JoinTokens,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(JoinParent) private readonly parent: JoinParent,
  ) {}

  @Post('tokens')
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'createJoinToken',
    summary: 'Makes a token with which one site joins below this one; shown once',
  })
  @ApiResponse({ status: 201, standardSchema: joinTokenResponseSchema })
  async createToken(
    @Body({ schema: joinTokenRequestSchema }) request: z.infer<typeof joinTokenRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof joinTokenResponseSchema>> {
    return this.tokens.create(request, actorName(principalOf(http)));
  }

  @Get('tokens')
  @ApiOperation({
    operationId: 'listJoinTokens',
    summary: 'Lists join tokens, the newest first, without their secrets',
  })
  @ApiResponse({ status: 200, standardSchema: joinTokenListSchema })
  async listTokens(): Promise<z.infer<typeof joinTokenListSchema>> {
    return { items: await this.tokens.list() };
  }

  @Delete('tokens/:uid')
  @ApiOperation({ operationId: 'revokeJoinToken', summary: 'Revokes a join token; answers what it is now' })
  @ApiResponse({ status: 200, standardSchema: joinTokenSchema })
  async revokeToken(
    @Param('uid', { schema: uidSchema }) uid: string,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof joinTokenSchema>> {
    return this.tokens.revoke(uid, actorName(principalOf(http)));
  }

  @Post('joins')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'admitSite',
    summary: 'What a site calls that joins below this one, by a one-time token',
  })
  @ApiResponse({ status: 200, standardSchema: joinAnswerSchema })
  async admit(@Body({ schema: joinRequestSchema }) request: JoinRequest): Promise<JoinAnswer> {
    return this.admissions.admit(request);
  }

  @Post('join')
  @HttpCode(200)
  @ApiOperation({ operationId: 'joinParent', summary: 'Takes this site below another one; answers its place' })
  @ApiResponse({ status: 200, standardSchema: hierarchySiteSchema })
  async join(
    @Body({ schema: joinParentRequestSchema }) wish: z.infer<typeof joinParentRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<HierarchySiteRecord> {
    return this.parent.join(wish, actorName(principalOf(http)));
  }
}
