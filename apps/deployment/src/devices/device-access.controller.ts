import { Body, Controller, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  deviceAccessRequestSchema,
  type DeviceAccessAction,
  type DeviceAccessRequest,
  type DeviceMergeRequest,
  deviceMergeRequestSchema,
} from '@muster/contracts/kinds/device-access.js';
import { device } from '@muster/contracts/kinds/device.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { DeviceAccessDecisions } from './device-access.service.js';
import { ReinstalledComputers } from './reinstalled-computers.service.js';
import { PolicyCalls } from './policy-calls.js';

type Query = z.infer<typeof writeQuerySchema>;

/** The REST door of decisions about access. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DeviceAccessController {
  constructor(
    @Inject(DeviceAccessDecisions) private readonly decisions: DeviceAccessDecisions,
    @Inject(ReinstalledComputers) private readonly reinstalled: ReinstalledComputers,
    @Inject(PolicyCalls) private readonly calls: PolicyCalls,
  ) {}

  @Post(':name/approve')
  @HttpCode(200)
  @ApiOperation({ operationId: 'approveDevice', summary: 'Lets a pending device have policy, content and secrets' })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async approve(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: deviceAccessRequestSchema }) body: DeviceAccessRequest,
    @Query({ schema: writeQuerySchema }) query: Query,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.decide(name, 'approve', body, query, request);
  }

  @Post(':name/block')
  @HttpCode(200)
  @ApiOperation({ operationId: 'blockDevice', summary: 'Lets a device have nothing more, at once' })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async block(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: deviceAccessRequestSchema }) body: DeviceAccessRequest,
    @Query({ schema: writeQuerySchema }) query: Query,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.decide(name, 'block', body, query, request);
  }

  @Post(':name/unblock')
  @HttpCode(200)
  @ApiOperation({ operationId: 'unblockDevice', summary: 'Makes a blocked device what it was before' })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async unblock(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: deviceAccessRequestSchema }) body: DeviceAccessRequest,
    @Query({ schema: writeQuerySchema }) query: Query,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.decide(name, 'unblock', body, query, request);
  }

  @Post(':name/merge')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'mergeDevice',
    summary: 'Says that a computer that enrolled anew is the device whose hardware it has: that record goes on',
  })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async merge(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: deviceMergeRequestSchema }) { into, reason }: DeviceMergeRequest,
    @Query({ schema: writeQuerySchema }) { dryRun = false }: Query,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.reinstalled.merge(name, into, { actor: actorName(principalOf(request)), reason, dryRun });
  }

  @Post(':name/separate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'separateDevice',
    summary: 'Says that a computer that enrolled anew is another device than the one whose hardware it has',
  })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async separate(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: deviceAccessRequestSchema }) { reason }: DeviceAccessRequest,
    @Query({ schema: writeQuerySchema }) { dryRun = false }: Query,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.reinstalled.separate(name, { actor: actorName(principalOf(request)), reason, dryRun });
  }

  @Post(':name/rotate-key')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rotateDeviceKey', summary: 'Asks a device to replace its key' })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async rotateKey(
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.decisions.askForKey(name, actorName(principalOf(request)));
  }

  @Post(':name/retrieve-policy')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'retrieveDevicePolicy',
    summary: 'Calls a device to come for its policy now; who is not connected comes at the next poll',
  })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async retrievePolicy(
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.calls.call(name, actorName(principalOf(request)));
  }

  private decide(
    name: string,
    action: DeviceAccessAction,
    { reason }: DeviceAccessRequest,
    { dryRun = false }: Query,
    request: FastifyRequest,
  ): Promise<Resource> {
    return this.decisions.decide(name, action, { actor: actorName(principalOf(request)), reason, dryRun });
  }
}
