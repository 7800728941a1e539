import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { ContentFaultController } from './content-fault.controller.js';
import { ContentFaults } from './content-faults.service.js';
import { ContentLocationController } from './content-location.controller.js';
import { ContentLocations } from './content-locations.service.js';

@Module({
  imports: [ServingModule],
  controllers: [ContentLocationController, ContentFaultController],
  providers: [ContentLocations, ContentFaults],
})
export class ContentModule {}
