import { Module } from '@nestjs/common';
import { LiveState } from './live-state.js';
import { LiveRepository } from './live.repository.js';

@Module({ providers: [LiveRepository, LiveState], exports: [LiveState] })
export class LiveModule {}
