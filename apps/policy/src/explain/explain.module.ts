import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { ServingModule } from '../serving/serving.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { DeviceExplanationController } from './device-explanation.controller.js';
import { DeviceExplanationGrpcController } from './device-explanation.grpc.js';
import { DeviceExplanations } from './device-explanations.service.js';
import { ExplainRepository } from './explain.repository.js';

@Module({
  imports: [DevicesModule, ServingModule, VariablesModule],
  controllers: [DeviceExplanationController, DeviceExplanationGrpcController],
  providers: [ExplainRepository, DeviceExplanations],
})
export class ExplainModule {}
