import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { softwareRequestSchema, type SoftwareRequest } from '@muster/contracts/agent/software.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { InventoryIntake } from './inventory-intake.service.js';

/** Which software devices have. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/software')
export class SoftwareController {
  constructor(@Inject(InventoryIntake) private readonly intake: InventoryIntake) {}

  @Post()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'tellSoftware',
    summary: 'Takes what is installed on a device; it replaces that of before',
  })
  @ApiResponse({ status: 204, description: 'Taken' })
  async tell(
    @Body({ schema: softwareRequestSchema }) request: SoftwareRequest,
    @Req() http: FastifyRequest,
  ): Promise<void> {
    await this.intake.takeSoftware(deviceUidOf(principalOf(http)), request);
  }
}
