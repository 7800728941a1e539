import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { inventoryRequestSchema, type InventoryRequest } from '@muster/contracts/agent/inventory.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { InventoryIntake } from './inventory-intake.service.js';

/** What devices tell of themselves. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/inventory')
export class InventoryController {
  constructor(@Inject(InventoryIntake) private readonly intake: InventoryIntake) {}

  @Post()
  @HttpCode(204)
  @ApiOperation({ operationId: 'tellInventory', summary: 'Takes the facts of a device; they replace those of before' })
  @ApiResponse({ status: 204, description: 'Taken' })
  async tell(
    @Body({ schema: inventoryRequestSchema }) request: InventoryRequest,
    @Req() http: FastifyRequest,
  ): Promise<void> {
    await this.intake.take(deviceUidOf(principalOf(http)), request);
  }
}
