import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { contentReferenceSchema, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageVersionList, VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import { parseDocument } from '@muster/platform/errors.js';
import { pageSize } from '@muster/service/resources/paging.js';
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
  constructor(@Inject(VersionsService) private readonly versions: VersionsService) {}

  @GrpcMethod(SERVICE, 'List')
  list(request: PageRequest): Promise<PackageVersionList> {
    return this.versions.list(contentOf(request), pageOf(request));
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
