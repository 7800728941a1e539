import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { WINDOWS_COUNT, WINDOWS_MINUTES } from '@muster/contracts/kinds/device-windows.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { windowsQuerySchema } from './device-windows.controller.js';
import { DeviceWindowsService } from './device-windows.service.js';

/** The gRPC door of maintenance windows by device: the document that REST answers. */
@Controller()
export class DeviceWindowsGrpcController {
  constructor(@Inject(DeviceWindowsService) private readonly windows: DeviceWindowsService) {}

  @GrpcMethod('DeviceLifeService', 'ReadDeviceWindows')
  async read(request: {
    name?: string;
    minutes?: number | null;
    count?: number | null;
  }): Promise<{ windows: ProtobufStruct }> {
    const name = parseDocument(nameSchema, request.name, 'The name');
    const wish = { minutes: request.minutes ?? undefined, count: request.count ?? undefined };
    const { minutes = WINDOWS_MINUTES.default, count = WINDOWS_COUNT.default } = parseDocument(
      windowsQuerySchema,
      wish,
      'The request',
    );
    return { windows: toStruct(await this.windows.tell(name, { minutes, count })) };
  }
}
