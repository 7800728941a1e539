import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { z } from 'zod';
import { DeviceExplanations } from './device-explanations.service.js';

const requestSchema = z.object({ device: nameSchema, deployment: nameSchema.optional() });

/** The gRPC door of explanations: the document that REST answers. */
@Controller()
export class DeviceExplanationGrpcController {
  constructor(@Inject(DeviceExplanations) private readonly explanations: DeviceExplanations) {}

  @GrpcMethod('ExplainService', 'ExplainDevice')
  async explainDevice(request: {
    device?: string;
    deployment?: string | null;
  }): Promise<{ explanation: ProtobufStruct }> {
    const { device, deployment } = parseDocument(
      requestSchema,
      { device: request.device, deployment: request.deployment ?? undefined },
      'The request',
    );
    return { explanation: toStruct(await this.explanations.explain(device, deployment)) };
  }
}
