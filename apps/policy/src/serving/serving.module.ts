import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { Policies } from './policies.service.js';
import { PollShortcut } from './poll-shortcut.js';
import { PolicyController } from './policy.controller.js';
import { PolicyRepository } from './policy.repository.js';

@Module({
  imports: [LiveModule, SessionsModule, VariablesModule],
  controllers: [PolicyController],
  providers: [PolicyRepository, Policies, PollShortcut],
  exports: [PolicyRepository],
})
export class ServingModule {}
