import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { alert, alertsBelowQuerySchema, type AlertsBelowQuery } from '@muster/contracts/kinds/alert.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource, type ResourceList } from '@muster/contracts/resource.js';
import { AlertsBelow } from './alerts-below.js';

/** The REST door of alerts of other sites. */
@ApiTags('Alert')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/alerts')
export class AlertsBelowController {
  constructor(@Inject(AlertsBelow) private readonly alerts: AlertsBelow) {}

  @Get('-/below')
  @ApiOperation({ operationId: 'listAlertsBelow', summary: 'Lists alerts of the sites below this one' })
  @ApiResponse({ status: 200, standardSchema: alert.list })
  async list(@Query({ schema: alertsBelowQuerySchema }) query: AlertsBelowQuery): Promise<ResourceList<Resource>> {
    return this.alerts.list(query);
  }

  @Get('-/below/:site/:name')
  @ApiOperation({ operationId: 'getAlertBelow', summary: 'Reads one alert of a site below, as that told of it' })
  @ApiResponse({ status: 200, standardSchema: alert.resource })
  async get(
    @Param('site', { schema: siteCodeSchema }) site: string,
    @Param('name', { schema: nameSchema }) name: string,
  ): Promise<Resource> {
    return this.alerts.get(site, name);
  }
}
