import { Body, Controller, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type PermitRequest,
  permitRequestSchema,
  type PermitResponse,
  permitResponseSchema,
} from '@muster/contracts/agent/permits.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { StartPermits } from './start-permits.service.js';

/** Where a device asks whether it may start a deployment that is rolled out. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/permits')
export class PermitController {
  constructor(@Inject(StartPermits) private readonly permits: StartPermits) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'askPermit',
    summary: 'May this device start a deployment now? Asking twice is asking once',
  })
  @ApiResponse({ status: 200, standardSchema: permitResponseSchema })
  async ask(
    @Body({ schema: permitRequestSchema }) request: PermitRequest,
    @Req() http: FastifyRequest,
  ): Promise<PermitResponse> {
    return this.permits.ask(deviceUidOf(principalOf(http)), request);
  }
}
