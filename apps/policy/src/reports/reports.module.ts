import { Module } from '@nestjs/common';
import { ReportIntake } from './report-intake.service.js';
import { ReportController } from './report.controller.js';
import { ReportRepository } from './report.repository.js';

@Module({ controllers: [ReportController], providers: [ReportRepository, ReportIntake], exports: [ReportRepository] })
export class ReportsModule {}
