import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type DeploymentRollout,
  deploymentRolloutSchema,
  type RolloutAction,
  rolloutActionSchema,
} from '@muster/contracts/kinds/deployment-rollout.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { RolloutActions } from './rollout-actions.service.js';

/** The REST door of rollouts. */
@ApiTags('Deployment')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/deployments')
export class RolloutController {
  constructor(@Inject(RolloutActions) private readonly actions: RolloutActions) {}

  @Get(':name/rollout')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readDeploymentRollout',
    summary: 'Says how far a rollout is, and what it waits for',
  })
  @ApiResponse({ status: 200, standardSchema: deploymentRolloutSchema })
  async read(@Param('name', { schema: nameSchema }) name: string): Promise<DeploymentRollout> {
    return this.actions.read(name);
  }

  @Post(':name/rollout')
  @HttpCode(200)
  @ApiOperation({ operationId: 'actOnDeploymentRollout', summary: 'Approves, pauses, resumes or restarts a rollout' })
  @ApiResponse({ status: 200, standardSchema: deploymentRolloutSchema, description: 'The rollout as it is then' })
  async act(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: rolloutActionSchema }) action: RolloutAction,
    @Req() request: FastifyRequest,
  ): Promise<DeploymentRollout> {
    return this.actions.act(name, action, actorName(principalOf(request)));
  }
}
