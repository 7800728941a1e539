import { Body, Controller, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { contentLocationsRequestSchema, contentLocationsResponseSchema } from '@muster/contracts/agent/content.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { PolicyConfig } from '../config.js';
import { deviceUidOf } from '../sessions/device-uid.js';
import { clientAddress, trustedProxies } from '@muster/service/client-address.js';
import { ContentLocations } from './content-locations.service.js';

/** Where a device finds the files that its policy needs. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/content-locations')
export class ContentLocationController {
  private readonly trusted;

  constructor(
    @Inject(ContentLocations) private readonly locations: ContentLocations,
    @Inject(CONFIG) config: PolicyConfig,
  ) {
    this.trusted = trustedProxies(config.MUSTER_TRUSTED_PROXIES);
  }

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'locateContent', summary: 'Short-lived URLs of the files of an assigned manifest' })
  @ApiResponse({ status: 200, standardSchema: contentLocationsResponseSchema })
  async locate(
    @Body({ schema: contentLocationsRequestSchema }) request: z.infer<typeof contentLocationsRequestSchema>,
    @Req() http: FastifyRequest,
  ): Promise<z.infer<typeof contentLocationsResponseSchema>> {
    const forwarded = http.headers['x-forwarded-for'];
    const address = clientAddress(
      http.socket.remoteAddress ?? '',
      Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
      this.trusted,
    );
    return this.locations.locate(deviceUidOf(principalOf(http)), request, address);
  }
}
