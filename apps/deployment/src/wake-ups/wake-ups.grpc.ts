import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { WakeUps } from './wake-ups.service.js';

/** The gRPC door to wake a device: the document that REST answers. */
@Controller()
export class WakeUpsGrpcController {
  constructor(@Inject(WakeUps) private readonly wakeUps: WakeUps) {}

  @GrpcMethod('DeviceLifeService', 'WakeDevice')
  async wakeDevice(request: { name?: string }, metadata: Metadata): Promise<{ wakeUp: ProtobufStruct }> {
    const name = parseDocument(nameSchema, request.name, 'The name');
    return { wakeUp: toStruct(await this.wakeUps.wake(name, actorName(grpcPrincipal(metadata)))) };
  }
}
