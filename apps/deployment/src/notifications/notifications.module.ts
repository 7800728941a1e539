import { Module } from '@nestjs/common';
import { NotificationRepository } from './notification.repository.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsGrpcController } from './notifications.grpc.js';
import { Notifications } from './notifications.service.js';

@Module({
  controllers: [NotificationsController, NotificationsGrpcController],
  providers: [NotificationRepository, Notifications],
})
export class NotificationsModule {}
