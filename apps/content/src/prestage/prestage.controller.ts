import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type PrestagedContentPlan,
  prestagedContentPlanSchema,
  prestagedContentRequestSchema,
  type PrestagedContentResult,
  prestagedContentResultSchema,
} from '@muster/contracts/kinds/prestaged-content.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { z } from 'zod';
import { PrestageService } from './prestage.service.js';

type Request = z.infer<typeof prestagedContentRequestSchema>;

/** Content that somebody carries to a point. */
@ApiTags('DistributionPoint')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/distribution-points/:name/prestaged-content')
export class PrestageController {
  constructor(@Inject(PrestageService) private readonly prestage: PrestageService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'planPrestagedContent',
    summary: 'Answers where to PUT the blobs of a version that the point lacks',
    description: 'An import that was broken off is resumed by asking again.',
  })
  @ApiResponse({ status: 200, standardSchema: prestagedContentPlanSchema })
  plan(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: prestagedContentRequestSchema }) { manifest }: Request,
  ): Promise<PrestagedContentPlan> {
    return this.prestage.plan(name, manifest);
  }

  @Post('commit')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'commitPrestagedContent',
    summary: 'Proves that the point has every blob of a version; a Distribution makes it visible there',
  })
  @ApiResponse({ status: 200, standardSchema: prestagedContentResultSchema })
  commit(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: prestagedContentRequestSchema }) { manifest }: Request,
  ): Promise<PrestagedContentResult> {
    return this.prestage.commit(name, manifest);
  }
}
