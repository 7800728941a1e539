import { Module } from '@nestjs/common';
import { ReportsModule } from '../reports/reports.module.js';
import { FateController } from './fate.controller.js';
import { FateIntake } from './fate-intake.service.js';

@Module({ imports: [ReportsModule], controllers: [FateController], providers: [FateIntake] })
export class FatesModule {}
