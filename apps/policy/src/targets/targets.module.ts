import { Module } from '@nestjs/common';
import { CompileModule } from '../compile/compile.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { LiveModule } from '../live/live.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { TargetFacts } from './target-facts.js';
import { TargetRepository } from './target.repository.js';

@Module({
  imports: [CompileModule, DevicesModule, LiveModule, SettingsModule, VariablesModule],
  providers: [TargetRepository, TargetFacts],
  exports: [TargetFacts],
})
export class TargetsModule {}
