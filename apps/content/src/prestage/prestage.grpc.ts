import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  type PrestagedContentPlan,
  prestagedContentRequestSchema,
  type PrestagedContentResult,
} from '@muster/contracts/kinds/prestaged-content.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { PrestageService } from './prestage.service.js';

const SERVICE = 'PrestagedContentService';
const requestSchema = prestagedContentRequestSchema.extend({ point: nameSchema });

/** The gRPC door of content that somebody carries to a point. The bytes go straight to the store, by the URLs of the plan. */
@Controller()
export class PrestageGrpcController {
  constructor(@Inject(PrestageService) private readonly prestage: PrestageService) {}

  @GrpcMethod(SERVICE, 'Plan')
  plan(request: object): Promise<PrestagedContentPlan> {
    const { point, manifest } = parseDocument(requestSchema, request, 'The request');
    return this.prestage.plan(point, manifest);
  }

  @GrpcMethod(SERVICE, 'Commit')
  commit(request: object): Promise<PrestagedContentResult> {
    const { point, manifest } = parseDocument(requestSchema, request, 'The request');
    return this.prestage.commit(point, manifest);
  }
}
