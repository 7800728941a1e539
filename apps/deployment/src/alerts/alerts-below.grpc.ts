import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { alertsBelowQuerySchema } from '@muster/contracts/kinds/alert.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { toMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { AlertsBelow } from './alerts-below.js';

/** The gRPC door of alerts of other sites. */
@Controller()
export class AlertsBelowGrpcController {
  constructor(@Inject(AlertsBelow) private readonly alerts: AlertsBelow) {}

  @GrpcMethod('AlertActionService', 'ListAlertsBelow')
  async list(request: { site?: string; state?: string; deployment?: string; pageSize?: number; continue?: string }) {
    const { site, state, deployment } = request;
    const query = parseDocument(
      alertsBelowQuerySchema,
      {
        site: site ?? undefined,
        state: state ?? undefined,
        deployment: deployment ?? undefined,
        limit: pageSize(request.pageSize),
        continue: request.continue ?? undefined,
      },
      'The request',
    );
    const page = await this.alerts.list(query);
    return { ...page, items: page.items.map(toMessage) };
  }

  @GrpcMethod('AlertActionService', 'GetAlertBelow')
  async get(request: { site?: string; name?: string }): Promise<ResourceMessage> {
    const site = parseDocument(siteCodeSchema, request.site, 'The site');
    return toMessage(await this.alerts.get(site, parseDocument(nameSchema, request.name, 'The name')));
  }
}
