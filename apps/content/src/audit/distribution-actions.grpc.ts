import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  distributionActionSchema,
  type DistributionAction,
  type DistributionActionResult,
  type DistributionCopies,
} from '@muster/contracts/kinds/distribution.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { DistributionActions } from './distribution-actions.js';

const SERVICE = 'DistributionActionService';

interface ActionRequest {
  name?: string;
  points?: string[];
}

/** The gRPC door of what can be done about what was sent: the same answers as over REST. */
@Controller()
export class DistributionActionsGrpcController {
  constructor(@Inject(DistributionActions) private readonly actions: DistributionActions) {}

  @GrpcMethod(SERVICE, 'ReadCopies')
  async copies(request: ActionRequest): Promise<{ points: DistributionCopies[] }> {
    return { points: await this.actions.copies(nameOf(request)) };
  }

  @GrpcMethod(SERVICE, 'Validate')
  validate(request: ActionRequest): Promise<DistributionActionResult> {
    return this.actions.validate(nameOf(request), actionOf(request));
  }

  @GrpcMethod(SERVICE, 'Redistribute')
  redistribute(request: ActionRequest): Promise<DistributionActionResult> {
    return this.actions.redistribute(nameOf(request), actionOf(request));
  }

  @GrpcMethod(SERVICE, 'Cancel')
  cancel(request: ActionRequest, metadata: GrpcMetadata): Promise<DistributionActionResult> {
    return this.actions.cancel(nameOf(request), actionOf(request), actorName(grpcPrincipal(metadata)));
  }
}

function nameOf({ name }: ActionRequest): string {
  return parseDocument(nameSchema, name, 'The name');
}

/** A list that is empty cannot be told from none: all points. */
function actionOf({ points = [] }: ActionRequest): DistributionAction {
  return parseDocument(distributionActionSchema, points.length > 0 ? { points } : {}, 'The request');
}
