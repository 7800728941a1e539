import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { deviceSoftwareSchema, type DeviceSoftware } from '@muster/contracts/kinds/device-software.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { DeviceSoftwareRecords } from './device-software.service.js';

/** What is installed on devices. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DeviceSoftwareController {
  constructor(@Inject(DeviceSoftwareRecords) private readonly records: DeviceSoftwareRecords) {}

  @Get(':name/software')
  @ApiOperation({ operationId: 'readDeviceSoftware', summary: 'Reads which software is installed on a device' })
  @ApiResponse({ status: 200, standardSchema: deviceSoftwareSchema })
  async read(@Param('name', { schema: nameSchema }) name: string): Promise<DeviceSoftware> {
    return this.records.read(name);
  }
}
