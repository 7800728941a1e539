import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { Policies } from './policies.service.js';
import { PolicyController } from './policy.controller.js';
import { PolicyRepository } from './policy.repository.js';

@Module({
  imports: [LiveModule, VariablesModule],
  controllers: [PolicyController],
  providers: [PolicyRepository, Policies],
  exports: [PolicyRepository],
})
export class ServingModule {}
