import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type SiteKeyNews, siteKeyNewsSchema } from '@muster/contracts/agent/site-key.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { FastifyRequest } from 'fastify';
import type { PolicyConfig } from '../config.js';
import { deviceUidOf } from '../sessions/device-uid.js';
import { SiteKey } from './site-key.js';

/** By which key the site signs. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/site-key')
export class SiteKeyController {
  constructor(
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readSiteKey',
    summary: 'The key by which the site signs policy now, and what its former keys say of it',
  })
  @ApiResponse({ status: 200, standardSchema: siteKeyNewsSchema })
  read(@Req() request: FastifyRequest): SiteKeyNews {
    deviceUidOf(principalOf(request));
    return this.siteKey.news(this.config.MUSTER_SITE);
  }
}
