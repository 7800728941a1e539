import { Module } from '@nestjs/common';
import { RolloutsModule } from '../rollouts/rollouts.module.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringRepository } from './monitoring.repository.js';
import { Monitoring } from './monitoring.service.js';

@Module({
  imports: [RolloutsModule],
  controllers: [MonitoringController],
  providers: [{ provide: MonitoringRepository, useFactory: () => new MonitoringRepository() }, Monitoring],
})
export class MonitoringModule {}
