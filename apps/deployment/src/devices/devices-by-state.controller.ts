import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { device } from '@muster/contracts/kinds/device.js';
import { devicesByStateQuerySchema, type DevicesByStateQuery } from '@muster/contracts/kinds/device-list.js';
import {
  type DeviceSummary,
  type DeviceSummaryQuery,
  deviceSummaryQuerySchema,
  deviceSummarySchema,
} from '@muster/contracts/kinds/device-summary.js';
import { problemSchema } from '@muster/contracts/problem.js';
import type { Resource, ResourceList } from '@muster/contracts/resource.js';
import { DeviceSummaries } from './device-summaries.js';
import { DevicesByState } from './devices-by-state.js';

/** Devices by what became of them. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DevicesByStateController {
  constructor(
    @Inject(DevicesByState) private readonly devices: DevicesByState,
    @Inject(DeviceSummaries) private readonly summaries: DeviceSummaries,
  ) {}

  @Get('-/by-state')
  @ApiOperation({
    operationId: 'listDevicesByState',
    summary: 'Lists devices by state, by whether they are online or active, and those nobody has heard of',
  })
  @ApiResponse({ status: 200, standardSchema: device.list })
  async list(
    @Query({ schema: devicesByStateQuerySchema }) query: DevicesByStateQuery,
  ): Promise<ResourceList<Resource>> {
    return this.devices.list(query);
  }

  @Get('-/summary')
  @ApiOperation({
    operationId: 'summariseDevices',
    summary: 'Counts devices by state, and how many of them are online and active',
  })
  @ApiResponse({ status: 200, standardSchema: deviceSummarySchema })
  async summarise(@Query({ schema: deviceSummaryQuerySchema }) query: DeviceSummaryQuery): Promise<DeviceSummary> {
    return this.summaries.read(query.collection);
  }
}
