import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { ServingModule } from '../serving/serving.module.js';
import { AssignedContent } from './assigned-content.js';
import { ContentFaultController } from './content-fault.controller.js';
import { ContentFaults } from './content-faults.service.js';
import { ContentLocationController } from './content-location.controller.js';
import { ContentLocations } from './content-locations.service.js';

@Module({
  imports: [RunsModule, ServingModule],
  controllers: [ContentLocationController, ContentFaultController],
  providers: [AssignedContent, ContentLocations, ContentFaults],
})
export class ContentModule {}
