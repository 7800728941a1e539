import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type NotificationRequest,
  notificationRequestSchema,
  type NotificationResult,
  notificationResultSchema,
} from '@muster/contracts/kinds/device-notification.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { Notifications } from './notifications.service.js';

/** The REST door of notifications. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1')
export class NotificationsController {
  constructor(@Inject(Notifications) private readonly notifications: Notifications) {}

  @Post('devices/:name/notify')
  @HttpCode(200)
  @ApiOperation({ operationId: 'notifyDevice', summary: 'Tells a device that is connected to do something now' })
  @ApiResponse({ status: 200, standardSchema: notificationResultSchema })
  async device(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: notificationRequestSchema }) { what }: NotificationRequest,
    @Req() request: FastifyRequest,
  ): Promise<NotificationResult> {
    return this.notifications.notifyDevice(name, what, actorName(principalOf(request)));
  }

  @Post('collections/:name/notify')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'notifyMembers',
    summary: 'Tells the members of a collection that are connected to do something now',
  })
  @ApiResponse({ status: 200, standardSchema: notificationResultSchema })
  async members(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: notificationRequestSchema }) { what }: NotificationRequest,
    @Req() request: FastifyRequest,
  ): Promise<NotificationResult> {
    return this.notifications.notifyMembers(name, what, actorName(principalOf(request)));
  }
}
