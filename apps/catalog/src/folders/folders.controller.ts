import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type Folder,
  folderEntrySchema,
  type FolderList,
  folderListSchema,
  type FolderMove,
  folderMoveSchema,
  type FolderMoved,
  folderMovedSchema,
  folderRequestSchema,
  namedFolderSchema,
} from '@muster/contracts/kinds/folder.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { folderSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { FoldersService } from './folders.service.js';

const listQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  under: folderSchema.optional().describe('Only folders in this one, at any depth'),
});
const deleteQuerySchema = z.strictObject({ ...writeQuerySchema.shape, path: namedFolderSchema });

/** The REST door of folders. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences/-/folders')
export class FoldersController {
  constructor(@Inject(FoldersService) private readonly folders: FoldersService) {}

  @Get()
  @ApiOperation({ operationId: 'listFolders', summary: 'Lists the folders of task sequences' })
  @ApiResponse({ status: 200, standardSchema: folderListSchema })
  async list(@Query({ schema: listQuerySchema }) query: z.infer<typeof listQuerySchema>): Promise<FolderList> {
    return this.folders.list(query.under ?? '/', { limit: query.limit ?? 100, continue: query.continue });
  }

  @Post()
  @ApiOperation({ operationId: 'createFolder', summary: 'Makes a folder and those around it' })
  @ApiResponse({ status: 201, standardSchema: folderEntrySchema })
  async create(
    @Body({ schema: folderRequestSchema }) { path }: z.infer<typeof folderRequestSchema>,
    @Query({ schema: writeQuerySchema }) query: z.infer<typeof writeQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<Folder> {
    return this.folders.create(path, { actor: actorName(principalOf(request)), dryRun: query.dryRun ?? false });
  }

  @Post('move')
  @HttpCode(200)
  @ApiOperation({ operationId: 'moveFolder', summary: 'Moves or renames a folder with everything in it' })
  @ApiResponse({ status: 200, standardSchema: folderMovedSchema })
  async move(
    @Body({ schema: folderMoveSchema }) wanted: FolderMove,
    @Query({ schema: writeQuerySchema }) query: z.infer<typeof writeQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<FolderMoved> {
    return this.folders.move(wanted, { actor: actorName(principalOf(request)), dryRun: query.dryRun ?? false });
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteFolder', summary: 'Deletes a folder; refused while something is in it' })
  async remove(@Query({ schema: deleteQuerySchema }) query: z.infer<typeof deleteQuerySchema>): Promise<void> {
    await this.folders.remove(query.path, { dryRun: query.dryRun ?? false });
  }
}
