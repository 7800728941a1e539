import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditGrpcController } from './audit.grpc.js';
import { AuditService } from './audit.service.js';

@Module({ controllers: [AuditController, AuditGrpcController], providers: [AuditService] })
export class AuditModule {}
