import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type EditLock,
  type EditLockRequest,
  editLockRequestSchema,
  editLockSchema,
} from '@muster/contracts/kinds/edit-lock.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { ignoresLock } from '@muster/service/resources/ignore-lock.js';
import type { FastifyRequest } from 'fastify';
import { EditLocksService } from './edit-locks.service.js';

/** The REST door of edit locks. */
@ApiTags('TaskSequence')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/task-sequences/:name/lock')
export class EditLocksController {
  constructor(@Inject(EditLocksService) private readonly locks: EditLocksService) {}

  @Get()
  @ApiOperation({ operationId: 'getEditLock', summary: 'Who is editing a task sequence' })
  @ApiResponse({ status: 200, standardSchema: editLockSchema })
  async get(@Param('name', { schema: nameSchema }) name: string): Promise<EditLock> {
    return this.locks.get(name, new Date());
  }

  @Put()
  @ApiOperation({
    operationId: 'takeEditLock',
    summary: 'Takes or renews the edit lock for 30 minutes: writes of others are refused unless they ignore it',
  })
  @ApiResponse({ status: 200, standardSchema: editLockSchema })
  async take(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: editLockRequestSchema }) wish: EditLockRequest,
    @Req() request: FastifyRequest,
  ): Promise<EditLock> {
    return this.locks.take(name, wish, actorName(principalOf(request)), new Date());
  }

  @Delete()
  @ApiOperation({ operationId: 'releaseEditLock', summary: 'Ends the edit lock; answers what it was' })
  @ApiResponse({ status: 200, standardSchema: editLockSchema })
  async release(
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
  ): Promise<EditLock> {
    return this.locks.release(name, actorName(principalOf(request)), ignoresLock(request.headers), new Date());
  }
}
