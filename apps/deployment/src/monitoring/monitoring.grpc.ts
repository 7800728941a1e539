import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { DEVICE_STATES, type DeploymentDeviceList } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { z } from 'zod';
import { DeviceHistoryService } from './device-history.service.js';
import { Monitoring } from './monitoring.service.js';

const SERVICE = 'MonitoringService';
const namedSchema = z.object({ name: nameSchema });
const devicesSchema = namedSchema.extend({ state: z.enum(DEVICE_STATES).optional() });

interface Page {
  pageSize?: number;
  continue?: string;
}

/** The gRPC door of monitoring: the same answers as over REST. */
@Controller()
export class MonitoringGrpcController {
  constructor(
    @Inject(Monitoring) private readonly monitoring: Monitoring,
    @Inject(DeviceHistoryService) private readonly history: DeviceHistoryService,
  ) {}

  @GrpcMethod(SERVICE, 'ReadProgress')
  async progress(request: object): Promise<{ progress: ProtobufStruct }> {
    const { name } = parseDocument(namedSchema, request, 'The request');
    return { progress: toStruct(await this.monitoring.progress(name)) };
  }

  @GrpcMethod(SERVICE, 'ListDevices')
  async devices(request: Page): Promise<DeploymentDeviceList> {
    const { name, state } = parseDocument(devicesSchema, request, 'The request');
    return this.monitoring.devices(name, { state, limit: pageSize(request.pageSize), continue: request.continue });
  }

  @GrpcMethod(SERVICE, 'ReadDeviceHistory')
  async deviceHistory(request: Page): Promise<DeviceHistory> {
    const { name } = parseDocument(namedSchema, request, 'The request');
    return this.history.list(name, { limit: pageSize(request.pageSize), continue: request.continue });
  }
}
