import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { auditFilterSchema } from '@muster/contracts/kinds/audit.js';
import { parseDocument } from '@muster/platform/errors.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { toStruct } from '@muster/service/resources/protobuf-json.js';
import { AuditService } from './audit.service.js';

/** The gRPC door of the audit record: the same entries as over REST. */
@Controller()
export class AuditGrpcController {
  constructor(@Inject(AuditService) private readonly audit: AuditService) {}

  @GrpcMethod('AuditService', 'List')
  async list(request: { pageSize?: number; continue?: string }) {
    const { pageSize: size, continue: token, ...filter } = request;
    const page = await this.audit.list(parseDocument(auditFilterSchema, filter, 'The request'), {
      limit: pageSize(size),
      continue: token,
    });
    return {
      metadata: page.metadata,
      items: page.items.map(({ details, ...entry }) => ({
        ...entry,
        ...(details ? { details: toStruct(details) } : {}),
      })),
    };
  }
}
