import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Manifest, manifestSchema } from '@muster/contracts/agent/content.js';
import {
  downloadRequestSchema,
  type DownloadResponse,
  downloadResponseSchema,
  uploadResponseSchema,
} from '@muster/contracts/agent/upload.js';
import { contentKindOf, contentPluralSchema } from '@muster/contracts/kinds/content-resources.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import { packageVersionSchema, type PackageVersion } from '@muster/contracts/kinds/package.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DOWNLOADS, UPLOADS } from './content.providers.js';
import type { DownloadService } from './download.service.js';
import { announcementSchema, manifestDocument } from './manifest-document.js';
import type { UploadService, UploadPlan } from './upload.service.js';

/** The number of a version. */
export const versionSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** Versions of content of any kind: announce the files, send what is lacking straight to the store, commit; and read them again. */
@ApiTags('Content')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/:kind/:name/versions')
export class UploadsController {
  constructor(
    @Inject(UPLOADS) private readonly uploads: ReadonlyMap<ContentKind, UploadService>,
    @Inject(DOWNLOADS) private readonly downloading: ReadonlyMap<ContentKind, DownloadService>,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'announcePackageVersion',
    summary: 'Announces a version by its files; answers where to PUT those that the library lacks',
    description: 'The same files again are the same version. An interrupted upload is resumed by announcing again.',
  })
  @ApiResponse({ status: 201, standardSchema: uploadResponseSchema })
  announce(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: announcementSchema }) announced: z.infer<typeof announcementSchema>,
    @Req() request: FastifyRequest,
  ): Promise<UploadPlan> {
    return this.uploads
      .get(contentKindOf(plural))!
      .announce(name, manifestDocument(announced), actorName(principalOf(request)));
  }

  @Post(':version/commit')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'commitPackageVersion',
    summary: 'Proves every byte of a version, makes it available and distributes it',
    description: 'May take as long as reading the new bytes, when the store does not prove checksums itself.',
  })
  @ApiResponse({ status: 200, standardSchema: packageVersionSchema })
  commit(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: versionSchema }) version: number,
  ): Promise<PackageVersion> {
    return this.uploads.get(contentKindOf(plural))!.commit(name, version);
  }

  @Get(':version/manifest')
  @ApiOperation({ operationId: 'getPackageManifest', summary: 'Reads the files of a version that is complete' })
  @ApiResponse({ status: 200, standardSchema: manifestSchema })
  manifest(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: versionSchema }) version: number,
  ): Promise<Manifest> {
    return this.downloading.get(contentKindOf(plural))!.manifest(name, version);
  }

  @Post(':version/downloads')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'locatePackageFiles',
    summary: 'Answers where to GET files of a version; changes nothing',
  })
  @ApiResponse({ status: 200, standardSchema: downloadResponseSchema })
  downloads(
    @Param('kind', { schema: contentPluralSchema }) plural: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: versionSchema }) version: number,
    @Body({ schema: downloadRequestSchema }) request: z.infer<typeof downloadRequestSchema>,
  ): Promise<DownloadResponse> {
    return this.downloading.get(contentKindOf(plural))!.downloads(name, version, request.files);
  }
}
