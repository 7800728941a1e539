import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  reportsRequestSchema,
  reportsResponseSchema,
  type ReportsRequest,
  type ReportsResponse,
} from '@muster/contracts/agent/reports.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { ReportIntake } from './report-intake.service.js';

/** What devices tell of their runs. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/reports')
export class ReportController {
  constructor(@Inject(ReportIntake) private readonly intake: ReportIntake) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'report',
    summary: 'Takes reports of runs; what is acknowledged need not be sent again',
  })
  @ApiResponse({ status: 200, standardSchema: reportsResponseSchema })
  async report(
    @Body({ schema: reportsRequestSchema }) request: ReportsRequest,
    @Req() http: FastifyRequest,
  ): Promise<ReportsResponse> {
    return this.intake.take(deviceUidOf(principalOf(http)), request);
  }
}
