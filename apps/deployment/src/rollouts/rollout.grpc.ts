import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { rolloutActionSchema } from '@muster/contracts/kinds/deployment-rollout.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { RolloutActions } from './rollout-actions.service.js';

interface RolloutMessage {
  rollout: ProtobufStruct;
}

interface ActRequest {
  deployment?: string;
  action?: string;
  group?: string | null;
  force?: boolean | null;
  reason?: string | null;
}

/** The gRPC door of rollouts: the documents that REST answers. */
@Controller()
export class RolloutGrpcController {
  constructor(@Inject(RolloutActions) private readonly actions: RolloutActions) {}

  @GrpcMethod('RolloutService', 'Get')
  async get({ deployment }: { deployment?: string }): Promise<RolloutMessage> {
    return { rollout: toStruct(await this.actions.read(nameOf(deployment))) };
  }

  @GrpcMethod('RolloutService', 'Act')
  async act({ deployment, action, group, force, reason }: ActRequest, metadata: GrpcMetadata): Promise<RolloutMessage> {
    const request = parseDocument(
      rolloutActionSchema,
      { action, group: group ?? undefined, force: force ?? undefined, reason: reason ?? undefined },
      'The request',
    );
    const done = await this.actions.act(nameOf(deployment), request, actorName(grpcPrincipal(metadata)));
    return { rollout: toStruct(done) };
  }
}

function nameOf(deployment: string | undefined): string {
  return parseDocument(nameSchema, deployment, 'The name of the deployment');
}
