import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  fatesRequestSchema,
  fatesResponseSchema,
  type FatesRequest,
  type FatesResponse,
} from '@muster/contracts/agent/fates.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { FateIntake } from './fate-intake.service.js';

/** What devices tell of their deployments apart from runs. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/fates')
export class FateController {
  constructor(@Inject(FateIntake) private readonly intake: FateIntake) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'tellFates',
    summary: 'Takes what becomes of deployments at a device; what is acknowledged need not be sent again',
  })
  @ApiResponse({ status: 200, standardSchema: fatesResponseSchema })
  async tell(
    @Body({ schema: fatesRequestSchema }) request: FatesRequest,
    @Req() http: FastifyRequest,
  ): Promise<FatesResponse> {
    return this.intake.take(deviceUidOf(principalOf(http)), request);
  }
}
