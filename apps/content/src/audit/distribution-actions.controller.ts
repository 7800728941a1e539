import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  distributionActionResultSchema,
  distributionActionSchema,
  distributionCopiesListSchema,
  type DistributionAction,
  type DistributionActionResult,
  type DistributionCopies,
} from '@muster/contracts/kinds/distribution.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { DistributionActions } from './distribution-actions.js';

/** What can be done about what was sent: validate, redistribute, cancel, and see how the copies stand. */
@ApiTags('Distribution')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/distributions/:name')
export class DistributionActionsController {
  constructor(@Inject(DistributionActions) private readonly actions: DistributionActions) {}

  @Get('copies')
  @ApiOperation({
    operationId: 'readDistributionCopies',
    summary: 'How the stored objects of a Distribution stand at each point: read when, bad, repaired',
  })
  @ApiResponse({ status: 200, standardSchema: distributionCopiesListSchema })
  async copies(@Param('name', { schema: nameSchema }) name: string): Promise<{ points: DistributionCopies[] }> {
    return { points: await this.actions.copies(name) };
  }

  @Post('validate')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'validateDistribution',
    summary: 'Has every stored object read again, byte for byte; what is wrong is repaired',
  })
  @ApiResponse({ status: 202, standardSchema: distributionActionResultSchema })
  validate(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: distributionActionSchema }) action: DistributionAction,
  ): Promise<DistributionActionResult> {
    return this.actions.validate(name, action);
  }

  @Post('redistribute')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redistributeDistribution',
    summary: 'Has every stored object written again, and transfers that gave up begin again',
  })
  @ApiResponse({ status: 202, standardSchema: distributionActionResultSchema })
  redistribute(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: distributionActionSchema }) action: DistributionAction,
  ): Promise<DistributionActionResult> {
    return this.actions.redistribute(name, action);
  }

  @Post('cancel')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'cancelDistribution',
    summary: 'Ends transfers that are under way; what arrived stays',
  })
  @ApiResponse({ status: 202, standardSchema: distributionActionResultSchema })
  cancel(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: distributionActionSchema }) action: DistributionAction,
    @Req() request: FastifyRequest,
  ): Promise<DistributionActionResult> {
    return this.actions.cancel(name, action, actorName(principalOf(request)));
  }
}
