import { Controller, Delete, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type DeletedVersion,
  deletedVersionSchema,
  type PackageVersionList,
  packageVersionListSchema,
  type VersionDifference,
  versionDifferenceSchema,
} from '@muster/contracts/kinds/package-versions.js';
import { contentKindOf, contentPluralSchema } from '@muster/contracts/kinds/content-resources.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VersionDeletion } from './version-deletion.js';
import { VersionsService } from './versions.service.js';

/** The number of a version in an address. */
export const versionNumberSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const compareQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  from: versionNumberSchema.optional().describe('The earlier version; default: the one before'),
});

const deleteQuerySchema = z.strictObject({
  dryRun: z.stringbool().optional().describe('true: say what would go, and keep it'),
});

/** The REST door of versions. */
@ApiTags('Content')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/:kind/:name/versions')
export class VersionsController {
  constructor(
    @Inject(VersionsService) private readonly versions: VersionsService,
    @Inject(VersionDeletion) private readonly deletion: VersionDeletion,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listPackageVersions', summary: 'Lists the versions of some content, newest first' })
  @ApiResponse({ status: 200, standardSchema: packageVersionListSchema })
  list(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<PackageVersionList> {
    return this.versions.list(
      { kind: contentKindOf(plural), name },
      { limit: query.limit ?? 100, continue: query.continue },
    );
  }

  @Delete(':version')
  @ApiOperation({
    operationId: 'deletePackageVersion',
    summary: 'Deletes one version that nobody needs any more; points and the library let go of what only it had',
  })
  @ApiResponse({ status: 200, standardSchema: deletedVersionSchema })
  delete(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: versionNumberSchema }) version: number,
    @Query({ schema: deleteQuerySchema }) { dryRun = false }: z.infer<typeof deleteQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<DeletedVersion> {
    const actor = actorName(principalOf(request));
    return this.deletion.delete({ kind: contentKindOf(plural), name }, version, { actor, dryRun });
  }

  @Get(':version/difference')
  @ApiOperation({
    operationId: 'comparePackageVersions',
    summary: 'What changed from one version to another: files, bytes, and what has to be moved for it',
  })
  @ApiResponse({ status: 200, standardSchema: versionDifferenceSchema })
  compare(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: versionNumberSchema }) version: number,
    @Query({ schema: compareQuerySchema }) query: z.infer<typeof compareQuerySchema>,
  ): Promise<VersionDifference> {
    return this.versions.compare({ kind: contentKindOf(plural), name }, query.from, version, {
      limit: query.limit ?? 100,
      continue: query.continue,
    });
  }
}
