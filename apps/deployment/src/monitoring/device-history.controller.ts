import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type DeviceHistory, deviceHistorySchema } from '@muster/contracts/kinds/device-history.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import type { z } from 'zod';
import { DeviceHistoryService } from './device-history.service.js';

/** The REST door of the past of devices. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DeviceHistoryController {
  constructor(@Inject(DeviceHistoryService) private readonly history: DeviceHistoryService) {}

  @Get(':name/history')
  @ApiOperation({ operationId: 'readDeviceHistory', summary: 'Says what happened to a device and what it did' })
  @ApiResponse({ status: 200, standardSchema: deviceHistorySchema })
  async read(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<DeviceHistory> {
    return this.history.list(name, { limit: query.limit ?? 100, continue: query.continue });
  }
}
