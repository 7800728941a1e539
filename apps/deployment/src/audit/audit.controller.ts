import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { auditFilterSchema, type AuditList, auditListSchema } from '@muster/contracts/kinds/audit.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import type { z } from 'zod';
import { AuditService } from './audit.service.js';

const querySchema = pageQuerySchema.extend(auditFilterSchema.shape);

/** The REST door of the audit record. */
@ApiTags('Audit')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/audit')
export class AuditController {
  constructor(@Inject(AuditService) private readonly audit: AuditService) {}

  @Get()
  @ApiOperation({ operationId: 'listAudit', summary: 'Lists who changed what, newest first' })
  @ApiResponse({ status: 200, standardSchema: auditListSchema })
  async list(@Query({ schema: querySchema }) query: z.infer<typeof querySchema>): Promise<AuditList> {
    const { limit = 100, continue: token, ...filter } = query;
    return this.audit.list(filter, { limit, continue: token });
  }
}
