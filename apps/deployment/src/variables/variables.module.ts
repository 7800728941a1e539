import { Module } from '@nestjs/common';
import { SealedVariableRepository } from './sealed-variable.repository.js';
import { Variables } from './variables.service.js';

@Module({ providers: [SealedVariableRepository, Variables], exports: [Variables] })
export class VariablesModule {}
