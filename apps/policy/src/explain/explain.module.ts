import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { DeviceExplanationController } from './device-explanation.controller.js';
import { DeviceExplanations } from './device-explanations.service.js';
import { ExplainRepository } from './explain.repository.js';

@Module({
  imports: [ServingModule, VariablesModule],
  controllers: [DeviceExplanationController],
  providers: [ExplainRepository, DeviceExplanations],
})
export class ExplainModule {}
