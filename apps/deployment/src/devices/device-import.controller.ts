import { Body, Controller, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  deviceImportRequestSchema,
  deviceImportResultSchema,
  type DeviceImportRequest,
  type DeviceImportResult,
} from '@muster/contracts/kinds/device-import.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { DeviceImport } from './device-import.service.js';

/** Many devices in one request. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DeviceImportController {
  constructor(@Inject(DeviceImport) private readonly devices: DeviceImport) {}

  @Post('-/import')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'importDevices',
    summary: 'Makes and changes the records of a list of devices; answers for each what came of it',
  })
  @ApiResponse({ status: 200, standardSchema: deviceImportResultSchema })
  async import(
    @Body({ schema: deviceImportRequestSchema }) { devices }: DeviceImportRequest,
    @Query({ schema: writeQuerySchema }) { dryRun = false }: z.infer<typeof writeQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<DeviceImportResult> {
    return this.devices.take(devices, { actor: actorName(principalOf(request)), dryRun });
  }
}
