import { Module } from '@nestjs/common';
import { PermitController } from './permit.controller.js';
import { PermitRepository } from './permit.repository.js';
import { StartPermits } from './start-permits.service.js';

@Module({ controllers: [PermitController], providers: [PermitRepository, StartPermits] })
export class PermitsModule {}
