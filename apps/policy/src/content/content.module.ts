import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { ContentLocationController } from './content-location.controller.js';
import { ContentLocations } from './content-locations.service.js';

@Module({ imports: [ServingModule], controllers: [ContentLocationController], providers: [ContentLocations] })
export class ContentModule {}
