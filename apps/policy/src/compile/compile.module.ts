import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { CompileRepository } from './compile.repository.js';
import { Compiler } from './compiler.js';
import { ContentUsesMessages } from './content-uses.messages.js';

@Module({ imports: [LiveModule], providers: [CompileRepository, Compiler, ContentUsesMessages], exports: [Compiler] })
export class CompileModule {}
