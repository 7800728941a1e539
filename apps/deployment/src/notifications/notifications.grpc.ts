import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { notificationRequestSchema, type NotificationResult } from '@muster/contracts/kinds/device-notification.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { Notifications } from './notifications.service.js';

/** The gRPC door of notifications. */
@Controller()
export class NotificationsGrpcController {
  constructor(@Inject(Notifications) private readonly notifications: Notifications) {}

  @GrpcMethod('DeviceLifeService', 'NotifyDevice')
  async device(request: { name?: string; what?: string }, metadata: Metadata): Promise<NotificationResult> {
    const name = parseDocument(nameSchema, request.name, 'The name');
    const { what } = parseDocument(notificationRequestSchema, { what: request.what }, 'The request');
    return this.notifications.notifyDevice(name, what, actorName(grpcPrincipal(metadata)));
  }

  @GrpcMethod('MembershipService', 'NotifyMembers')
  async members(request: { collection?: string; what?: string }, metadata: Metadata): Promise<NotificationResult> {
    const name = parseDocument(nameSchema, request.collection, 'The collection');
    const { what } = parseDocument(notificationRequestSchema, { what: request.what }, 'The request');
    return this.notifications.notifyMembers(name, what, actorName(grpcPrincipal(metadata)));
  }
}
