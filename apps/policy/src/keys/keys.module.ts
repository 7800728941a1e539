import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { KeyController } from './key.controller.js';
import { KeyOffers } from './key-offers.service.js';

@Module({ imports: [DevicesModule], controllers: [KeyController], providers: [KeyOffers] })
export class KeysModule {}
