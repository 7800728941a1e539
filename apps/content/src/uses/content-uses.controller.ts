import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { application } from '@muster/contracts/kinds/application.js';
import { contentKindOf, contentPluralSchema } from '@muster/contracts/kinds/content-resources.js';
import { contentUsesSchema, type ContentUses } from '@muster/contracts/kinds/content-uses.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';
import { ContentUsesService } from './content-uses.service.js';

const usedPluralSchema = z.enum([...contentPluralSchema.options, application.plural]);

/** Who names content or an application. */
@ApiTags('Content')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/:kind/:name/uses')
export class ContentUsesController {
  constructor(@Inject(ContentUsesService) private readonly uses: ContentUsesService) {}

  @Get()
  @ApiOperation({
    operationId: 'findContentUses',
    summary: 'The task sequences, applications, deployments and Distributions that name it, also when it is not there',
  })
  @ApiResponse({ status: 200, standardSchema: contentUsesSchema })
  find(
    @Param('kind', { schema: usedPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
  ): Promise<ContentUses> {
    return this.uses.find(plural === application.plural ? 'Application' : contentKindOf(plural), name);
  }
}
