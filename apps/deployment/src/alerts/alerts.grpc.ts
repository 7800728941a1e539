import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { alertChangeSchema, alertPostponementSchema, alertRemarkSchema } from '@muster/contracts/kinds/alert.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { type ResourceMessage, toMessage } from '@muster/service/resources/grpc.js';
import { AlertsService } from './alerts.service.js';

const SERVICE = 'AlertActionService';
const named = { name: nameSchema };
const changeSchema = alertChangeSchema.extend(named);
const postponementSchema = alertPostponementSchema.extend(named);
const remarkSchema = alertRemarkSchema.extend(named);

/** The gRPC door of what people make of alerts: the same answers as over REST. */
@Controller()
export class AlertsGrpcController {
  constructor(@Inject(AlertsService) private readonly alerts: AlertsService) {}

  @GrpcMethod(SERVICE, 'Acknowledge')
  async acknowledge(request: object, metadata: GrpcMetadata): Promise<ResourceMessage> {
    const { name, comment } = parseDocument(changeSchema, request, 'The request');
    return toMessage(await this.alerts.acknowledge(name, { comment, actor: actorName(grpcPrincipal(metadata)) }));
  }

  @GrpcMethod(SERVICE, 'Postpone')
  async postpone(request: object, metadata: GrpcMetadata): Promise<ResourceMessage> {
    const { name, until, comment } = parseDocument(postponementSchema, request, 'The request');
    const actor = actorName(grpcPrincipal(metadata));
    return toMessage(await this.alerts.postpone(name, new Date(until), { comment, actor }));
  }

  @GrpcMethod(SERVICE, 'Close')
  async close(request: object, metadata: GrpcMetadata): Promise<ResourceMessage> {
    const { name, comment } = parseDocument(changeSchema, request, 'The request');
    return toMessage(await this.alerts.close(name, { comment, actor: actorName(grpcPrincipal(metadata)) }));
  }

  @GrpcMethod(SERVICE, 'Comment')
  async comment(request: object, metadata: GrpcMetadata): Promise<ResourceMessage> {
    const { name, comment } = parseDocument(remarkSchema, request, 'The request');
    return toMessage(await this.alerts.comment(name, { comment, actor: actorName(grpcPrincipal(metadata)) }));
  }
}
