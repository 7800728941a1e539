import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  DEVICE_STATES,
  deploymentDeviceListSchema,
  type DeploymentDeviceList,
  deploymentProgressSchema,
  type DeploymentProgress,
} from '@muster/contracts/kinds/deployment-progress.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { z } from 'zod';
import { Monitoring } from './monitoring.service.js';

const devicesQuerySchema = pageQuerySchema.extend({
  state: z.enum(DEVICE_STATES).optional().describe('Only devices in this state'),
});

/** The REST door of monitoring. */
@ApiTags('Deployment')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/deployments')
export class MonitoringController {
  constructor(@Inject(Monitoring) private readonly monitoring: Monitoring) {}

  @Get(':name/progress')
  @ApiOperation({
    operationId: 'readDeploymentProgress',
    summary: 'Says how a deployment goes: devices, errors, steps',
  })
  @ApiResponse({ status: 200, standardSchema: deploymentProgressSchema })
  async progress(@Param('name', { schema: nameSchema }) name: string): Promise<DeploymentProgress> {
    return this.monitoring.progress(name);
  }

  @Get(':name/devices')
  @ApiOperation({ operationId: 'listDeploymentDevices', summary: 'Lists devices and what they did with a deployment' })
  @ApiResponse({ status: 200, standardSchema: deploymentDeviceListSchema })
  async devices(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: devicesQuerySchema }) query: z.infer<typeof devicesQuerySchema>,
  ): Promise<DeploymentDeviceList> {
    return this.monitoring.devices(name, { ...query, limit: query.limit ?? 100 });
  }
}
