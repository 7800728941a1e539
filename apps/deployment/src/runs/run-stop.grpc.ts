import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { type RunStopAnswer, runStopRequestSchema } from '@muster/contracts/kinds/run-stop.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { RunStops } from './run-stops.service.js';

interface StopRequest {
  run?: string;
  device?: string;
  deployment?: string;
  reason?: string | null;
  dryRun?: boolean;
}

/** The gRPC door of stops. */
@Controller()
export class RunStopGrpcController {
  constructor(@Inject(RunStops) private readonly stops: RunStops) {}

  @GrpcMethod('RunStopService', 'Stop')
  async stop({ dryRun = false, reason, ...target }: StopRequest, metadata: GrpcMetadata): Promise<RunStopAnswer> {
    // Of a oneof, gRPC tells only what was set, but for a field that says which.
    const { run, device, deployment } = target;
    const named = Object.entries({ run, device, deployment }).filter(([, name]) => Boolean(name));
    const request = parseDocument(
      runStopRequestSchema,
      { ...Object.fromEntries(named), ...(reason ? { reason } : {}) },
      'The request',
    );
    return this.stops.stop(request, { actor: actorName(grpcPrincipal(metadata)), dryRun });
  }
}
