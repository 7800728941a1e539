import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { ContentUsesService } from './content-uses.service.js';

const requestSchema = z.object({ kind: z.enum(REFERENCE_KINDS), name: nameSchema });

/** The gRPC door of who names what: the same answers as over REST. */
@Controller()
export class ContentUsesGrpcController {
  constructor(@Inject(ContentUsesService) private readonly uses: ContentUsesService) {}

  @GrpcMethod('ContentUseService', 'FindUses')
  findUses(request: object): Promise<ContentUses> {
    const { kind, name } = parseDocument(requestSchema, request, 'The request');
    return this.uses.find(kind, name);
  }
}
