import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  type CollectionUses,
  membershipPreviewRequestSchema,
  type MemberList,
} from '@muster/contracts/kinds/collection-members.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { toMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { fromStruct, toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { MembersService } from './members.service.js';

/** The gRPC door of members: the documents that REST answers. */
@Controller()
export class MembersGrpcController {
  constructor(@Inject(MembersService) private readonly members: MembersService) {}

  @GrpcMethod('MembershipService', 'ListMembers')
  async list(request: {
    collection?: string;
    pageSize?: number | null;
    continue?: string | null;
  }): Promise<MemberList> {
    const name = parseDocument(nameSchema, request.collection, 'The collection');
    return this.members.list(name, {
      limit: pageSize(request.pageSize ?? undefined),
      continue: request.continue ?? undefined,
    });
  }

  @GrpcMethod('MembershipService', 'ReadUses')
  async uses(request: { collection?: string }): Promise<CollectionUses> {
    return this.members.uses(parseDocument(nameSchema, request.collection, 'The collection'));
  }

  @GrpcMethod('MembershipService', 'RetrieveMembersPolicy')
  async retrievePolicy(request: { collection?: string }, metadata: Metadata): Promise<ResourceMessage> {
    const name = parseDocument(nameSchema, request.collection, 'The collection');
    return toMessage(await this.members.callForPolicy(name, actorName(grpcPrincipal(metadata))));
  }

  @GrpcMethod('MembershipService', 'ExplainMember')
  async explain(request: { collection?: string; device?: string }): Promise<{ explanation: ProtobufStruct }> {
    const name = parseDocument(nameSchema, request.collection, 'The collection');
    const device = parseDocument(nameSchema, request.device, 'The device');
    return { explanation: toStruct(await this.members.explain(name, device)) };
  }

  @GrpcMethod('MembershipService', 'PreviewMembers')
  async preview(request: { request?: ProtobufStruct }): Promise<{ preview: ProtobufStruct }> {
    const wish = parseDocument(membershipPreviewRequestSchema, fromStruct(request.request), 'The request');
    return { preview: toStruct(await this.members.preview(wish)) };
  }
}
