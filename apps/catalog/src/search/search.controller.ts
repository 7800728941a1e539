import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  referenceKindSchema,
  referencesSchema,
  searchResultSchema,
  usesSchema,
  type References,
  type SearchResult,
  type Uses,
} from '@muster/contracts/kinds/sequence-search.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { SearchService } from './search.service.js';

/** What is looked for. */
export const searchTextSchema = z.string().max(400).describe('Words that begin words of what is found, all of them');
/** What is used. */
export const usedSchema = z.strictObject({ kind: referenceKindSchema, name: z.string().min(1).max(253) });

const usesQuerySchema = z.strictObject({ ...pageQuerySchema.shape, ...usedSchema.shape });
const searchQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  limit: z.coerce.number().int().min(1).max(100).optional().describe('Sequences per page, default 20'),
  text: searchTextSchema,
});

/** The REST door of search and of references. No sequence can be called `-`. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences')
export class SearchController {
  constructor(@Inject(SearchService) private readonly searching: SearchService) {}

  @Get('-/search')
  @ApiOperation({
    operationId: 'searchTaskSequences',
    summary: 'Finds task sequences by names, types, variables, conditions, references and labels',
  })
  @ApiResponse({ status: 200, standardSchema: searchResultSchema })
  async search(@Query({ schema: searchQuerySchema }) query: z.infer<typeof searchQuerySchema>): Promise<SearchResult> {
    return this.searching.search(query.text, { limit: query.limit ?? 20, continue: query.continue });
  }

  @Get('-/uses')
  @ApiOperation({ operationId: 'listUses', summary: 'Lists the nodes that refer to a package or another object' })
  @ApiResponse({ status: 200, standardSchema: usesSchema })
  async uses(@Query({ schema: usesQuerySchema }) query: z.infer<typeof usesQuerySchema>): Promise<Uses> {
    return this.searching.uses(query.kind, query.name, { limit: query.limit ?? 100, continue: query.continue });
  }

  @Get(':name/references')
  @ApiOperation({ operationId: 'listReferences', summary: 'Lists what a task sequence refers to' })
  @ApiResponse({ status: 200, standardSchema: referencesSchema })
  async references(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<References> {
    return this.searching.references(name, { limit: query.limit ?? 100, continue: query.continue });
  }
}
