import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { contentFaultsRequestSchema, contentFaultsResponseSchema } from '@muster/contracts/agent/content.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { deviceUidOf } from '../sessions/device-uid.js';
import { ContentFaults } from './content-faults.service.js';

/** Where a device tells of bad copies that it met. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/content-faults')
export class ContentFaultController {
  constructor(@Inject(ContentFaults) private readonly faults: ContentFaults) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'reportContentFaults',
    summary: 'Takes reports of bad copies; each is read again at its point and repaired when it is bad',
  })
  @ApiResponse({ status: 202, standardSchema: contentFaultsResponseSchema })
  async report(
    @Body({ schema: contentFaultsRequestSchema }) request: z.infer<typeof contentFaultsRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof contentFaultsResponseSchema>> {
    return this.faults.take(deviceUidOf(principalOf(http)), request);
  }
}
