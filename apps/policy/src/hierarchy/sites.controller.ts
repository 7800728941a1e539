import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  siteListSchema,
  siteViewSchema,
  type SiteList,
  type SiteView,
} from '@muster/contracts/hierarchy/site-views.js';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import type { FastifyRequest } from 'fastify';
import { Admissions } from './admissions.service.js';
import { SiteViews } from './site-views.service.js';

/** The sites of the hierarchy, as this one knows them. */
@ApiTags('Hierarchy')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/sites')
export class SitesController {
  constructor(
    @Inject(SiteViews) private readonly views: SiteViews,
    @Inject(Admissions) private readonly admissions: Admissions,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listSites', summary: 'Lists sites and links, the worst first, and what waits' })
  @ApiResponse({ status: 200, standardSchema: siteListSchema })
  async list(): Promise<SiteList> {
    return this.views.list();
  }

  @Get(':code')
  @ApiOperation({ operationId: 'readSite', summary: 'A site, and the link to it in every service' })
  @ApiResponse({ status: 200, standardSchema: siteViewSchema })
  async read(@Param('code', { schema: siteCodeSchema }) code: string): Promise<SiteView> {
    return this.views.read(code);
  }

  @Post(':code/revoke')
  @HttpCode(200)
  @ApiOperation({ operationId: 'revokeSite', summary: 'Puts out a site below this one: nothing of it counts any more' })
  @ApiResponse({ status: 200, standardSchema: siteViewSchema })
  async revoke(
    @Param('code', { schema: siteCodeSchema }) code: string,
    @Req() http: FastifyRequest,
  ): Promise<SiteView> {
    await this.admissions.revoke(code, actorName(principalOf(http)));
    return this.views.read(code);
  }
}
