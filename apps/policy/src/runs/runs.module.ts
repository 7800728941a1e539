import { Module } from '@nestjs/common';
import { RunsUnderWay } from './runs-under-way.js';

@Module({ providers: [RunsUnderWay], exports: [RunsUnderWay] })
export class RunsModule {}
