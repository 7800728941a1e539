import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { downloadRequestSchema, type DownloadResponse } from '@muster/contracts/agent/upload.js';
import { contentReferenceSchema, type ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageVersion } from '@muster/contracts/kinds/package.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { fromStruct, type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { DOWNLOADS, UPLOADS } from './content.providers.js';
import type { DownloadService } from './download.service.js';
import { announcementSchema, manifestDocument } from './manifest-document.js';
import type { UploadPlan, UploadService } from './upload.service.js';
import { versionSchema } from './uploads.controller.js';

const SERVICE = 'PackageVersionService';
const versionOfContentSchema = contentReferenceSchema.extend({ version: versionSchema });

/** What names a version of some content. */
interface Named {
  kind?: string;
  name?: string;
  version?: number;
}

/** The gRPC door of versions: the same answers as over REST. */
@Controller()
export class UploadsGrpcController {
  constructor(
    @Inject(UPLOADS) private readonly uploads: ReadonlyMap<ContentKind, UploadService>,
    @Inject(DOWNLOADS) private readonly downloading: ReadonlyMap<ContentKind, DownloadService>,
  ) {}

  @GrpcMethod(SERVICE, 'Announce')
  announce(
    { kind, name, announcement }: Named & { announcement?: ProtobufStruct },
    metadata: GrpcMetadata,
  ): Promise<UploadPlan> {
    const content = parseDocument(contentReferenceSchema, { kind, name }, 'The request');
    const announced = parseDocument(announcementSchema, fromStruct(announcement), 'The announcement');
    const actor = actorName(grpcPrincipal(metadata));
    return this.uploads.get(content.kind)!.announce(content.name, manifestDocument(announced), actor);
  }

  @GrpcMethod(SERVICE, 'Commit')
  commit(request: Named): Promise<PackageVersion> {
    const { kind, name, version } = named(request);
    return this.uploads.get(kind)!.commit(name, version);
  }

  @GrpcMethod(SERVICE, 'GetManifest')
  async manifest(request: Named): Promise<{ manifest: ProtobufStruct }> {
    const { kind, name, version } = named(request);
    return { manifest: toStruct(await this.downloading.get(kind)!.manifest(name, version)) };
  }

  @GrpcMethod(SERVICE, 'LocateFiles')
  locateFiles(request: Named & { files?: string[] }): Promise<DownloadResponse> {
    const { kind, name, version } = named(request);
    const { files } = parseDocument(downloadRequestSchema, { files: request.files ?? [] }, 'The request');
    return this.downloading.get(kind)!.downloads(name, version, files);
  }
}

function named({ kind, name, version }: Named) {
  return parseDocument(versionOfContentSchema, { kind, name, version }, 'The request');
}
