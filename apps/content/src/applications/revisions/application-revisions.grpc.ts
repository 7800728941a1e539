import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { ApplicationRevisionList } from '@muster/contracts/kinds/application-revision.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { commentOf, type ResourceMessage, toMessage } from '@muster/service/resources/grpc.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { toStruct } from '@muster/service/resources/protobuf-json.js';
import { revisionNumberSchema } from './application-revisions.controller.js';
import { ApplicationRevisionsService } from './application-revisions.service.js';

const SERVICE = 'ApplicationRevisionService';

interface Wanted {
  name?: string;
  revision?: number;
}
interface Restoration extends Wanted {
  dryRun?: boolean;
  ifMatch?: string;
  comment?: string;
}

/** The gRPC door of revisions of applications: the same answers as over REST. */
@Controller()
export class ApplicationRevisionsGrpcController {
  constructor(@Inject(ApplicationRevisionsService) private readonly revisions: ApplicationRevisionsService) {}

  @GrpcMethod(SERVICE, 'List')
  list(request: Wanted & { pageSize?: number; continue?: string }): Promise<ApplicationRevisionList> {
    return this.revisions.list(nameOf(request), { limit: pageSize(request.pageSize), continue: request.continue });
  }

  @GrpcMethod(SERVICE, 'Get')
  async get(request: Wanted): Promise<object> {
    const found = await this.revisions.get(nameOf(request), revisionOf(request.revision));
    return { ...found, spec: toStruct(found.spec) };
  }

  @GrpcMethod(SERVICE, 'Compare')
  async compare(request: Wanted & { with?: number }): Promise<object> {
    const other = request.with === undefined ? undefined : revisionOf(request.with);
    const found = await this.revisions.compare(nameOf(request), revisionOf(request.revision), other);
    return { ...found, changes: found.changes.map((change) => toStruct(change)) };
  }

  @GrpcMethod(SERVICE, 'Restore')
  async restore(request: Restoration, metadata: GrpcMetadata): Promise<ResourceMessage> {
    const restored = await this.revisions.restore(nameOf(request), revisionOf(request.revision), {
      actor: actorName(grpcPrincipal(metadata)),
      dryRun: request.dryRun ?? false,
      ifMatch: request.ifMatch,
      comment: commentOf(request),
    });
    return toMessage(restored);
  }
}

function nameOf({ name }: Wanted): string {
  return parseDocument(nameSchema, name, 'The name');
}

function revisionOf(revision: number | undefined): number {
  return parseDocument(revisionNumberSchema, revision, 'The revision');
}
