import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { contentReferenceSchema, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type {
  DeletedVersion,
  PackageVersionList,
  VersionDifference,
} from '@muster/contracts/kinds/package-versions.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { VersionDeletion } from './version-deletion.js';
import { versionNumberSchema } from './versions.controller.js';
import { type PageWish, VersionsService } from './versions.service.js';

const SERVICE = 'PackageVersionService';

interface PageRequest {
  kind?: string;
  name?: string;
  pageSize?: number;
  continue?: string;
}

/** The gRPC door of versions: the same answers as over REST. */
@Controller()
export class VersionsGrpcController {
  constructor(
    @Inject(VersionsService) private readonly versions: VersionsService,
    @Inject(VersionDeletion) private readonly deletion: VersionDeletion,
  ) {}

  @GrpcMethod(SERVICE, 'List')
  list(request: PageRequest): Promise<PackageVersionList> {
    return this.versions.list(contentOf(request), pageOf(request));
  }

  @GrpcMethod(SERVICE, 'Delete')
  delete(
    request: PageRequest & { version?: number; dryRun?: boolean },
    metadata: GrpcMetadata,
  ): Promise<DeletedVersion> {
    const version = parseDocument(versionNumberSchema, request.version, 'The version');
    const wish = { actor: actorName(grpcPrincipal(metadata)), dryRun: request.dryRun ?? false };
    return this.deletion.delete(contentOf(request), version, wish);
  }

  @GrpcMethod(SERVICE, 'Compare')
  compare(request: PageRequest & { from?: number; to?: number }): Promise<VersionDifference> {
    const number = (value: number | undefined) => parseDocument(versionNumberSchema, value, 'The version');
    const from = request.from === undefined ? undefined : number(request.from);
    return this.versions.compare(contentOf(request), from, number(request.to), pageOf(request));
  }
}

function contentOf({ kind = 'Package', name }: PageRequest): ContentReference {
  return parseDocument(contentReferenceSchema, { kind, name }, 'The request');
}

function pageOf(request: PageRequest): PageWish {
  return { limit: pageSize(request.pageSize), continue: request.continue };
}
