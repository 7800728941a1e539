import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  type Folder,
  type FolderList,
  type FolderMoved,
  folderMoveSchema,
  namedFolderSchema,
} from '@muster/contracts/kinds/folder.js';
import { folderSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { FoldersService } from './folders.service.js';

const SERVICE = 'TaskSequenceAuthoringService';

/** The gRPC door of folders: the same answers as over REST. */
@Controller()
export class FoldersGrpcController {
  constructor(@Inject(FoldersService) private readonly folders: FoldersService) {}

  @GrpcMethod(SERVICE, 'ListFolders')
  async listFolders(request: { under?: string; pageSize?: number; continue?: string }): Promise<FolderList> {
    const under = parseDocument(folderSchema, request.under ?? '/', 'The folder');
    return this.folders.list(under, { limit: pageSize(request.pageSize), continue: request.continue });
  }

  @GrpcMethod(SERVICE, 'CreateFolder')
  async createFolder(request: { path?: string; dryRun?: boolean }, metadata: GrpcMetadata): Promise<Folder> {
    const path = parseDocument(namedFolderSchema, request.path, 'The path');
    return this.folders.create(path, { actor: actorName(grpcPrincipal(metadata)), dryRun: request.dryRun ?? false });
  }

  @GrpcMethod(SERVICE, 'MoveFolder')
  async moveFolder(
    request: { from?: string; to?: string; dryRun?: boolean },
    metadata: GrpcMetadata,
  ): Promise<FolderMoved> {
    const wanted = parseDocument(folderMoveSchema, { from: request.from, to: request.to }, 'The request');
    return this.folders.move(wanted, { actor: actorName(grpcPrincipal(metadata)), dryRun: request.dryRun ?? false });
  }

  @GrpcMethod(SERVICE, 'DeleteFolder')
  async deleteFolder(request: { path?: string; dryRun?: boolean }): Promise<object> {
    const path = parseDocument(namedFolderSchema, request.path, 'The path');
    await this.folders.remove(path, { dryRun: request.dryRun ?? false });
    return {};
  }
}
