import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { device } from '@muster/contracts/kinds/device.js';
import { devicesBelowQuerySchema } from '@muster/contracts/kinds/device-list.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument, parseInput } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { fromMessage, toMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { DevicesBelow } from './devices-below.service.js';

/** The gRPC door of devices of other sites. */
@Controller()
export class DevicesBelowGrpcController {
  constructor(@Inject(DevicesBelow) private readonly devices: DevicesBelow) {}

  @GrpcMethod('DeviceLifeService', 'ListDevicesBelow')
  async list(request: { site?: string; state?: string; pageSize?: number; continue?: string }) {
    const { site, state } = request;
    const query = parseDocument(
      devicesBelowQuerySchema,
      {
        site: site ?? undefined,
        state: state ?? undefined,
        limit: pageSize(request.pageSize),
        continue: request.continue ?? undefined,
      },
      'The request',
    );
    const page = await this.devices.list(query);
    return { ...page, items: page.items.map(toMessage) };
  }

  @GrpcMethod('DeviceLifeService', 'GetDeviceBelow')
  async get(request: { site?: string; name?: string }): Promise<ResourceMessage> {
    const site = parseDocument(siteCodeSchema, request.site, 'The site');
    return toMessage(await this.devices.get(site, parseDocument(nameSchema, request.name, 'The name')));
  }

  @GrpcMethod('DeviceLifeService', 'ApplyDeviceBelow')
  async apply(
    request: { site?: string; resource?: ResourceMessage; dryRun?: boolean | null; ifMatch?: string | null },
    metadata: Metadata,
  ): Promise<ResourceMessage> {
    const site = parseDocument(siteCodeSchema, request.site, 'The site');
    const written = await this.devices.apply(site, parseInput(device, fromMessage(request.resource), 'The Device'), {
      actor: actorName(grpcPrincipal(metadata)),
      dryRun: request.dryRun ?? false,
      ifMatch: request.ifMatch ?? undefined,
    });
    return toMessage(written);
  }
}
