import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { EnrolmentController } from './enrolment.controller.js';
import { Enrolments } from './enrolments.service.js';

@Module({ imports: [DevicesModule, TokensModule], controllers: [EnrolmentController], providers: [Enrolments] })
export class EnrolmentModule {}
