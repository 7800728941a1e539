import { Module } from '@nestjs/common';
import { SiteRepository } from '../hierarchy/site.repository.js';
import { ApiTokenController } from './api-token.controller.js';
import { IssuedApiTokenRepository } from './api-token.repository.js';
import { ApiTokens } from './api-tokens.service.js';
import { EnrolmentTokenController } from './enrolment-token.controller.js';
import { EnrolmentTokenRepository } from './enrolment-token.repository.js';
import { EnrolmentTokens } from './enrolment-tokens.service.js';
import { TokenGrpcController } from './token.grpc.js';

@Module({
  controllers: [ApiTokenController, EnrolmentTokenController, TokenGrpcController],
  providers: [SiteRepository, IssuedApiTokenRepository, EnrolmentTokenRepository, ApiTokens, EnrolmentTokens],
  exports: [EnrolmentTokenRepository, EnrolmentTokens],
})
export class TokensModule {}
