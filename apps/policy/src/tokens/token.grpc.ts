import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { apiTokenRequestSchema, enrolmentTokenRequestSchema } from '@muster/contracts/agent/enrolment.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { z } from 'zod';
import { listed } from './api-token.controller.js';
import { ApiTokens } from './api-tokens.service.js';
import { EnrolmentTokens } from './enrolment-tokens.service.js';

const revokeRequestSchema = z.object({ uid: uidSchema });

/** The gRPC door of both kinds of tokens: the same documents as over REST, with null said by absence. */
@Controller()
export class TokenGrpcController {
  constructor(
    @Inject(ApiTokens) private readonly apiTokens: ApiTokens,
    @Inject(EnrolmentTokens) private readonly enrolmentTokens: EnrolmentTokens,
  ) {}

  @GrpcMethod('TokenService', 'CreateEnrolmentToken')
  async createEnrolmentToken(request: object, metadata: Metadata) {
    const input = parseDocument(enrolmentTokenRequestSchema, withoutNull(request), 'The request');
    return this.enrolmentTokens.create(input, actorName(grpcPrincipal(metadata)));
  }

  @GrpcMethod('TokenService', 'ListEnrolmentTokens')
  async listEnrolmentTokens() {
    return { items: (await this.enrolmentTokens.list()).map(withoutNull) };
  }

  @GrpcMethod('TokenService', 'RevokeEnrolmentToken')
  async revokeEnrolmentToken(request: object) {
    const { uid } = parseDocument(revokeRequestSchema, withoutNull(request), 'The request');
    return withoutNull(await this.enrolmentTokens.revoke(uid));
  }

  @GrpcMethod('TokenService', 'CreateApiToken')
  async createApiToken(request: object) {
    const { stored, token } = await this.apiTokens.create(
      parseDocument(apiTokenRequestSchema, withoutNull(request), 'The request'),
    );
    return withoutNull({
      uid: stored.uid,
      name: stored.name,
      token,
      expiresAt: stored.expiresAt?.toISOString(),
    });
  }

  @GrpcMethod('TokenService', 'ListApiTokens')
  async listApiTokens() {
    return { items: (await this.apiTokens.list()).map((token) => withoutNull(listed(token))) };
  }

  @GrpcMethod('TokenService', 'RevokeApiToken')
  async revokeApiToken(request: object) {
    const { uid } = parseDocument(revokeRequestSchema, withoutNull(request), 'The request');
    return withoutNull(listed(await this.apiTokens.revoke(uid)));
  }
}

function withoutNull(message: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined && value !== null));
}
