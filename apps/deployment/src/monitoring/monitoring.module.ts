import { Module } from '@nestjs/common';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringRepository } from './monitoring.repository.js';
import { Monitoring } from './monitoring.service.js';

@Module({
  controllers: [MonitoringController],
  providers: [{ provide: MonitoringRepository, useFactory: () => new MonitoringRepository() }, Monitoring],
})
export class MonitoringModule {}
