import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { contentKindOf, contentPluralSchema } from '@muster/contracts/kinds/content-resources.js';
import { contentSourcesSchema, type ContentSources } from '@muster/contracts/kinds/content-sources.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { isIP } from 'node:net';
import { z } from 'zod';
import { ContentSourceFinder } from './content-sources.js';

/** What may be asked beside the content. */
export const sourcesQuerySchema = z.strictObject({
  address: z
    .string()
    .refine((text) => isIP(text) !== 0, 'an IPv4 or IPv6 address')
    .optional(),
});

/** Where a device would get content, and why. */
@ApiTags('Content')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/:kind/:name/sources')
export class ContentSourcesController {
  constructor(@Inject(ContentSourceFinder) private readonly finder: ContentSourceFinder) {}

  @Get()
  @ApiOperation({
    operationId: 'explainPackageSources',
    summary: 'The points that a device with this address would be sent to, best first, and why; and those it would not',
  })
  @ApiResponse({ status: 200, standardSchema: contentSourcesSchema })
  explain(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: sourcesQuerySchema }) { address }: z.infer<typeof sourcesQuerySchema>,
  ): Promise<ContentSources> {
    return this.finder.find({ kind: contentKindOf(plural), name }, address);
  }
}
