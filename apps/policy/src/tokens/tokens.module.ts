import { Module } from '@nestjs/common';
import { HierarchyModule } from '../hierarchy/hierarchy.module.js';
import { ApiTokenController } from './api-token.controller.js';
import { IssuedApiTokenRepository } from './api-token.repository.js';
import { ApiTokens } from './api-tokens.service.js';
import { EnrolmentTokenController } from './enrolment-token.controller.js';
import { EnrolmentTokenRepository } from './enrolment-token.repository.js';
import { EnrolmentTokens } from './enrolment-tokens.service.js';
import { TokenGrpcController } from './token.grpc.js';

@Module({
  imports: [HierarchyModule],
  controllers: [ApiTokenController, EnrolmentTokenController, TokenGrpcController],
  providers: [IssuedApiTokenRepository, EnrolmentTokenRepository, ApiTokens, EnrolmentTokens],
  exports: [EnrolmentTokenRepository, EnrolmentTokens],
})
export class TokensModule {}
