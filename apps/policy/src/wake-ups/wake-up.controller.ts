import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WAKE_UP_EVENT, wakeUpSchema } from '@muster/contracts/agent/wake-up.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { streamEvents } from '@muster/service/resources/server-sent-events.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { WakeUps } from './wake-ups.service.js';

/** Where a device waits for news. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/wake-ups')
export class WakeUpController {
  constructor(@Inject(WakeUps) private readonly wakeUps: WakeUps) {}

  @Get()
  @ApiOperation({
    operationId: 'awaitWakeUps',
    summary: 'Server-sent events: policy may have changed, ask for it. Never the policy itself',
  })
  @ApiResponse({ status: 200, standardSchema: wakeUpSchema, description: 'The data of each event' })
  listen(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const source = this.wakeUps.listen(deviceUidOf(principalOf(request)));
    streamEvents(request, reply, source, (data) => ({ id: undefined, event: WAKE_UP_EVENT, data }));
  }
}
