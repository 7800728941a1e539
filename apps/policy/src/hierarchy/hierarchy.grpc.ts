import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { joinParentRequestSchema, joinTokenRequestSchema } from '@muster/contracts/hierarchy/joining.js';
import {
  reinitialiseRequestSchema,
  settleRequestSchema,
  verifyRequestSchema,
} from '@muster/contracts/hierarchy/site-views.js';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { toStruct } from '@muster/service/resources/protobuf-json.js';
import { z } from 'zod';
import { Admissions } from './admissions.service.js';
import { JoinParent } from './join-parent.service.js';
import { JoinTokens } from './join-tokens.service.js';
import { ReplicationRequests } from './replication-requests.service.js';
import { SiteViews } from './site-views.service.js';

const siteRequestSchema = z.object({ code: siteCodeSchema });
const tokenRequestSchema = z.object({ uid: uidSchema });

/** The gRPC door of the hierarchy: the documents that REST answers. */
@Controller()
export class HierarchyGrpcController {
  constructor(
    @Inject(SiteViews) private readonly views: SiteViews,
    @Inject(JoinTokens) private readonly tokens: JoinTokens,
    @Inject(JoinParent) private readonly parent: JoinParent,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(ReplicationRequests) private readonly requests: ReplicationRequests,
  ) {}

  @GrpcMethod('HierarchyService', 'ListSites')
  async listSites() {
    return { sites: toStruct(await this.views.list()) };
  }

  @GrpcMethod('HierarchyService', 'GetSite')
  async getSite(request: object) {
    const { code } = read(siteRequestSchema, request);
    return { site: toStruct(await this.views.read(code)) };
  }

  @GrpcMethod('HierarchyService', 'RevokeSite')
  async revokeSite(request: object, metadata: Metadata) {
    const { code } = read(siteRequestSchema, request);
    await this.admissions.revoke(code, actorName(grpcPrincipal(metadata)));
    return { site: toStruct(await this.views.read(code)) };
  }

  @GrpcMethod('HierarchyService', 'CreateJoinToken')
  async createToken(request: object, metadata: Metadata) {
    return this.tokens.create(read(joinTokenRequestSchema, request), actorName(grpcPrincipal(metadata)));
  }

  @GrpcMethod('HierarchyService', 'ListJoinTokens')
  async listTokens() {
    return { items: (await this.tokens.list()).map(withoutNull) };
  }

  @GrpcMethod('HierarchyService', 'RevokeJoinToken')
  async revokeToken(request: object, metadata: Metadata) {
    const { uid } = read(tokenRequestSchema, request);
    return withoutNull(await this.tokens.revoke(uid, actorName(grpcPrincipal(metadata))));
  }

  @GrpcMethod('HierarchyService', 'JoinParent')
  async join(request: object, metadata: Metadata) {
    const wish = read(joinParentRequestSchema, request);
    return { site: toStruct(await this.parent.join(wish, actorName(grpcPrincipal(metadata)))) };
  }

  @GrpcMethod('HierarchyService', 'VerifyHierarchy')
  async verify(request: object, metadata: Metadata) {
    const wish = withoutNull(read(verifyRequestSchema, request));
    return { result: toStruct(await this.requests.verify(wish, actorName(grpcPrincipal(metadata)))) };
  }

  @GrpcMethod('HierarchyService', 'ReinitialiseLink')
  async reinitialise(request: object, metadata: Metadata) {
    const { peer } = read(reinitialiseRequestSchema, request);
    return { result: toStruct(await this.requests.reinitialise(peer, actorName(grpcPrincipal(metadata)))) };
  }

  @GrpcMethod('HierarchyService', 'ListConflicts')
  async conflicts() {
    return { conflicts: toStruct(await this.requests.conflicts()) };
  }

  @GrpcMethod('HierarchyService', 'SettleConflict')
  async settle(request: object, metadata: Metadata) {
    const wish = read(settleRequestSchema, request);
    return this.requests.settle(wish, actorName(grpcPrincipal(metadata)));
  }
}

function read<Value>(schema: z.ZodType<Value>, request: object): Value {
  return parseDocument(schema, withoutNull(request), 'The request');
}

function withoutNull(message: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined && value !== null));
}
