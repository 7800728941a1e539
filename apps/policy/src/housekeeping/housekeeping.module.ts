import { Module } from '@nestjs/common';
import { HousekeepingRepository } from './housekeeping.repository.js';
import { Housekeeping } from './housekeeping.js';

@Module({ providers: [HousekeepingRepository, Housekeeping] })
export class HousekeepingModule {}
