import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { collection } from '@muster/contracts/kinds/collection.js';
import {
  type CollectionUses,
  collectionUsesSchema,
  memberListSchema,
  membershipExplanationSchema,
  membershipPreviewRequestSchema,
  membershipPreviewSchema,
  type MemberList,
  type MembershipExplanation,
  type MembershipPreview,
  type MembershipPreviewRequest,
} from '@muster/contracts/kinds/collection-members.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource } from '@muster/contracts/resource.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { MembersService } from './members.service.js';

/** The REST door of members. */
@ApiTags('Collection')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/collections')
export class MembersController {
  constructor(@Inject(MembersService) private readonly members: MembersService) {}

  @Get(':name/members')
  @ApiOperation({ operationId: 'listMembers', summary: 'Lists the devices in a collection by name' })
  @ApiResponse({ status: 200, standardSchema: memberListSchema })
  async list(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: pageQuerySchema }) query: z.infer<typeof pageQuerySchema>,
  ): Promise<MemberList> {
    return this.members.list(name, { limit: query.limit ?? 100, continue: query.continue });
  }

  @Get(':name/members/:device')
  @ApiOperation({ operationId: 'explainMember', summary: 'Says why a device is in a collection, or is not' })
  @ApiResponse({ status: 200, standardSchema: membershipExplanationSchema })
  async explain(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('device', { schema: nameSchema }) device: string,
  ): Promise<MembershipExplanation> {
    return this.members.explain(name, device);
  }

  @Get(':name/uses')
  @ApiOperation({
    operationId: 'readCollectionUses',
    summary:
      'Says what keeps a collection from being deleted: deployments to it, client settings for it, and collections that depend on it',
  })
  @ApiResponse({ status: 200, standardSchema: collectionUsesSchema })
  async uses(@Param('name', { schema: nameSchema }) name: string): Promise<CollectionUses> {
    return this.members.uses(name);
  }

  @Post(':name/retrieve-policy')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'retrieveMembersPolicy',
    summary:
      'Calls the members of a collection to come for their policy now; who is not connected comes at the next poll',
  })
  @ApiResponse({ status: 200, standardSchema: collection.resource })
  async retrievePolicy(
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
  ): Promise<Resource> {
    return this.members.callForPolicy(name, actorName(principalOf(request)));
  }

  @Post('-/preview')
  @HttpCode(200)
  @ApiOperation({ operationId: 'previewMembers', summary: 'Says who would be in a collection with these rules' })
  @ApiResponse({ status: 200, standardSchema: membershipPreviewSchema })
  async preview(
    @Body({ schema: membershipPreviewRequestSchema }) request: MembershipPreviewRequest,
  ): Promise<MembershipPreview> {
    return this.members.preview(request);
  }
}
