import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { deviceImportRequestSchema, type DeviceImportResult } from '@muster/contracts/kinds/device-import.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { fromStruct, toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { DeviceImport } from './device-import.service.js';

/** The gRPC door of what can be done with devices besides reading and writing them. */
@Controller()
export class DeviceGrpcController {
  constructor(@Inject(DeviceImport) private readonly devices: DeviceImport) {}

  @GrpcMethod('DeviceLifeService', 'ImportDevices')
  async importDevices(
    request: { request?: ProtobufStruct; dryRun?: boolean | null },
    metadata: Metadata,
  ): Promise<{ result: ProtobufStruct }> {
    const { devices } = parseDocument(deviceImportRequestSchema, fromStruct(request.request), 'The request');
    const result: DeviceImportResult = await this.devices.take(devices, {
      actor: actorName(grpcPrincipal(metadata)),
      dryRun: request.dryRun ?? false,
    });
    return { result: toStruct(result) };
  }
}
