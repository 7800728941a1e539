import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  alert,
  type AlertChange,
  alertChangeSchema,
  type AlertPostponement,
  alertPostponementSchema,
  alertRemarkSchema,
  type AlertSpec,
  type AlertStatus,
} from '@muster/contracts/kinds/alert.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AlertsService } from './alerts.service.js';

type Alert = Resource<AlertSpec, AlertStatus>;

const name = { schema: nameSchema };

/** The REST door of what people make of alerts. */
@ApiTags('Alert')
@ApiBearerAuth()
@ApiResponse({ status: 200, standardSchema: alert.resource })
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/alerts')
export class AlertsController {
  constructor(@Inject(AlertsService) private readonly alerts: AlertsService) {}

  @Post(':name/acknowledge')
  @HttpCode(200)
  @ApiOperation({ operationId: 'acknowledgeAlert', summary: 'Says that somebody looks into an alert' })
  async acknowledge(
    @Param('name', name) alertName: string,
    @Body({ schema: alertChangeSchema }) body: AlertChange,
    @Req() request: FastifyRequest,
  ): Promise<Alert> {
    return this.alerts.acknowledge(alertName, { ...body, actor: actorName(principalOf(request)) });
  }

  @Post(':name/postpone')
  @HttpCode(200)
  @ApiOperation({ operationId: 'postponeAlert', summary: 'Puts an alert off until a time' })
  async postpone(
    @Param('name', name) alertName: string,
    @Body({ schema: alertPostponementSchema }) { until, comment }: AlertPostponement,
    @Req() request: FastifyRequest,
  ): Promise<Alert> {
    return this.alerts.postpone(alertName, new Date(until), { comment, actor: actorName(principalOf(request)) });
  }

  @Post(':name/close')
  @HttpCode(200)
  @ApiOperation({ operationId: 'closeAlert', summary: 'Closes an alert until its condition was gone and comes back' })
  async close(
    @Param('name', name) alertName: string,
    @Body({ schema: alertChangeSchema }) body: AlertChange,
    @Req() request: FastifyRequest,
  ): Promise<Alert> {
    return this.alerts.close(alertName, { ...body, actor: actorName(principalOf(request)) });
  }

  @Post(':name/comment')
  @HttpCode(200)
  @ApiOperation({ operationId: 'commentAlert', summary: 'Adds a comment to an alert' })
  async comment(
    @Param('name', name) alertName: string,
    @Body({ schema: alertRemarkSchema }) body: z.infer<typeof alertRemarkSchema>,
    @Req() request: FastifyRequest,
  ): Promise<Alert> {
    return this.alerts.comment(alertName, { ...body, actor: actorName(principalOf(request)) });
  }
}
