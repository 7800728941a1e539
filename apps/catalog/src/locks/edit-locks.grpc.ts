import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { type EditLock, editLockRequestSchema } from '@muster/contracts/kinds/edit-lock.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { ignoresLockInGrpc } from '@muster/service/resources/ignore-lock.js';
import { EditLocksService } from './edit-locks.service.js';

const SERVICE = 'TaskSequenceAuthoringService';

/** The gRPC door of edit locks: the same answers as over REST. */
@Controller()
export class EditLocksGrpcController {
  constructor(@Inject(EditLocksService) private readonly locks: EditLocksService) {}

  @GrpcMethod(SERVICE, 'GetLock')
  async getLock(request: { name?: string }): Promise<EditLock> {
    return this.locks.get(nameOf(request), new Date());
  }

  @GrpcMethod(SERVICE, 'TakeLock')
  async takeLock(
    request: { name?: string; machine?: string; takeOver?: boolean },
    metadata: GrpcMetadata,
  ): Promise<EditLock> {
    const { machine, takeOver } = request;
    const wish = parseDocument(editLockRequestSchema, { machine, takeOver }, 'The request');
    return this.locks.take(nameOf(request), wish, actorName(grpcPrincipal(metadata)), new Date());
  }

  @GrpcMethod(SERVICE, 'ReleaseLock')
  async releaseLock(request: { name?: string }, metadata: GrpcMetadata): Promise<EditLock> {
    const actor = actorName(grpcPrincipal(metadata));
    return this.locks.release(nameOf(request), actor, ignoresLockInGrpc(metadata), new Date());
  }
}

function nameOf({ name }: { name?: string }): string {
  return parseDocument(nameSchema, name, 'The name');
}
