import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { CompileRepository } from './compile.repository.js';
import { Compiler } from './compiler.js';
import { ContentUsesMessages } from './content-uses.messages.js';
import { ManifestUses } from './manifest-uses.service.js';

@Module({
  imports: [LiveModule, RunsModule],
  providers: [CompileRepository, Compiler, ContentUsesMessages, ManifestUses],
  exports: [Compiler],
})
export class CompileModule {}
