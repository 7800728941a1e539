import { Module } from '@nestjs/common';
import { SealingModule } from '../sealing/sealing.module.js';
import { DeviceVariables } from './device-variables.service.js';
import { VariableSetRepository } from './variable-set.repository.js';

@Module({
  imports: [SealingModule],
  providers: [VariableSetRepository, DeviceVariables],
  exports: [VariableSetRepository, DeviceVariables],
})
export class VariablesModule {}
