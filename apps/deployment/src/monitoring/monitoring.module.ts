import { Module } from '@nestjs/common';
import { DeviceHistoryController } from './device-history.controller.js';
import { DeviceHistoryRepository } from './device-history.repository.js';
import { DeviceHistoryService } from './device-history.service.js';
import { RolloutsModule } from '../rollouts/rollouts.module.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringGrpcController } from './monitoring.grpc.js';
import { MonitoringRepository } from './monitoring.repository.js';
import { Monitoring } from './monitoring.service.js';

@Module({
  imports: [RolloutsModule],
  controllers: [MonitoringController, DeviceHistoryController, MonitoringGrpcController],
  providers: [
    { provide: MonitoringRepository, useFactory: () => new MonitoringRepository() },
    { provide: DeviceHistoryRepository, useFactory: () => new DeviceHistoryRepository() },
    Monitoring,
    DeviceHistoryService,
  ],
})
export class MonitoringModule {}
