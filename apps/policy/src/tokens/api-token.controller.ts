import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  apiTokenListSchema,
  apiTokenRequestSchema,
  apiTokenResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { StoredApiToken } from './api-token.repository.js';
import { ApiTokens } from './api-tokens.service.js';

const itemSchema = apiTokenListSchema.shape.items.element;

/** A token as it is listed: never its secret, nor the hash of it. */
export function listed(token: StoredApiToken): z.infer<typeof itemSchema> {
  return {
    uid: token.uid,
    name: token.name,
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
  };
}

/** Tokens of people and programs. */
@ApiTags('Tokens')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/api-tokens')
export class ApiTokenController {
  constructor(@Inject(ApiTokens) private readonly tokens: ApiTokens) {}

  @Post()
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'createApiToken', summary: 'Makes an API token; it is shown this once' })
  @ApiResponse({ status: 201, standardSchema: apiTokenResponseSchema })
  async create(
    @Body({ schema: apiTokenRequestSchema }) request: z.infer<typeof apiTokenRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof apiTokenResponseSchema>> {
    const { stored, token } = await this.tokens.create(request, actorName(principalOf(http)));
    return { uid: stored.uid, name: stored.name, token, expiresAt: stored.expiresAt?.toISOString() ?? null };
  }

  @Get()
  @ApiOperation({ operationId: 'listApiTokens', summary: 'Lists API tokens, the newest first, without their secrets' })
  @ApiResponse({ status: 200, standardSchema: apiTokenListSchema })
  async list(): Promise<z.infer<typeof apiTokenListSchema>> {
    return { items: (await this.tokens.list()).map(listed) };
  }

  @Delete(':uid')
  @ApiOperation({ operationId: 'revokeApiToken', summary: 'Revokes an API token; answers what it is now' })
  @ApiResponse({ status: 200, standardSchema: itemSchema })
  async revoke(
    @Param('uid', { schema: uidSchema }) uid: string,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof itemSchema>> {
    return listed(await this.tokens.revoke(uid, actorName(principalOf(http))));
  }
}
