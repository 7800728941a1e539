import { Module } from '@nestjs/common';
import { Sightings } from './sightings.js';

@Module({ providers: [Sightings], exports: [Sightings] })
export class SightingsModule {}
