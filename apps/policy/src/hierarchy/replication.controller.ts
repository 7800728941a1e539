import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  hierarchyConflictListSchema,
  reinitialiseRequestSchema,
  reinitialiseResultSchema,
  settleRequestSchema,
  settleResultSchema,
  verifyRequestSchema,
  verifyResultSchema,
  type HierarchyConflictList,
  type ReinitialiseResult,
  type VerifyResult,
} from '@muster/contracts/hierarchy/site-views.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ReplicationRequests } from './replication-requests.service.js';

const conflictsQuerySchema = z.strictObject({
  name: z.string().min(1).max(512).optional().describe('Only this one: kind/key/site-stamp'),
});

/** What people want of replication: comparing, reading anew, and settling what lost. */
@ApiTags('Hierarchy')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/hierarchy')
export class ReplicationController {
  constructor(@Inject(ReplicationRequests) private readonly requests: ReplicationRequests) {}

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'verifyHierarchy',
    summary: 'Compares this site with its neighbours, and mends on wish',
  })
  @ApiResponse({ status: 200, standardSchema: verifyResultSchema })
  async verify(
    @Body({ schema: verifyRequestSchema }) wish: z.infer<typeof verifyRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<VerifyResult> {
    const { peer, repair } = wish;
    const question = { ...(peer === undefined ? {} : { peer }), ...(repair === undefined ? {} : { repair }) };
    return this.requests.verify(question, actorName(principalOf(http)));
  }

  @Post('reinitialise')
  @HttpCode(200)
  @ApiOperation({ operationId: 'reinitialiseLink', summary: 'Reads everything of a neighbour again, while both go on' })
  @ApiResponse({ status: 200, standardSchema: reinitialiseResultSchema })
  async reinitialise(
    @Body({ schema: reinitialiseRequestSchema }) { peer }: z.infer<typeof reinitialiseRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<ReinitialiseResult> {
    return this.requests.reinitialise(peer, actorName(principalOf(http)));
  }

  @Get('conflicts')
  @ApiOperation({ operationId: 'listConflicts', summary: 'Writes that lost against another one, the newest first' })
  @ApiResponse({ status: 200, standardSchema: hierarchyConflictListSchema })
  async conflicts(
    @Query({ schema: conflictsQuerySchema }) { name }: z.infer<typeof conflictsQuerySchema>,
  ): Promise<HierarchyConflictList> {
    if (name === undefined) return this.requests.conflicts();
    return { items: [await this.requests.conflict(name)], unanswered: [] };
  }

  @Post('conflicts/settle')
  @HttpCode(200)
  @ApiOperation({ operationId: 'settleConflict', summary: 'Writes what lost anew, or lets it be' })
  @ApiResponse({ status: 200, standardSchema: settleResultSchema })
  async settle(
    @Body({ schema: settleRequestSchema }) wish: z.infer<typeof settleRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof settleResultSchema>> {
    return this.requests.settle(wish, actorName(principalOf(http)));
  }
}
