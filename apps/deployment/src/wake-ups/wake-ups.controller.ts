import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type DeviceWakeUp, deviceWakeUpSchema } from '@muster/contracts/kinds/device-wake-up.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { WakeUps } from './wake-ups.service.js';

/** The REST door to wake a device. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class WakeUpsController {
  constructor(@Inject(WakeUps) private readonly wakeUps: WakeUps) {}

  @Post(':name/wake')
  @HttpCode(200)
  @ApiOperation({ operationId: 'wakeDevice', summary: 'Sends wake-up packets to a device, now' })
  @ApiResponse({ status: 200, standardSchema: deviceWakeUpSchema })
  async wake(
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
  ): Promise<DeviceWakeUp> {
    return this.wakeUps.wake(name, actorName(principalOf(request)));
  }
}
