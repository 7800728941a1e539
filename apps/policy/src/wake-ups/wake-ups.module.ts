import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { SightingsModule } from '../sightings/sightings.module.js';
import { WakeUpController } from './wake-up.controller.js';
import { WakeUpRepository } from './wake-up.repository.js';
import { WakeUps } from './wake-ups.service.js';

@Module({
  imports: [LiveModule, SightingsModule],
  controllers: [WakeUpController],
  providers: [WakeUpRepository, WakeUps],
})
export class WakeUpsModule {}
