import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { CompileRepository } from './compile.repository.js';
import { Compiler } from './compiler.js';

@Module({ imports: [LiveModule], providers: [CompileRepository, Compiler], exports: [Compiler] })
export class CompileModule {}
