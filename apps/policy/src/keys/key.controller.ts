import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { keyOfferSchema, type KeyOffer } from '@muster/contracts/agent/keys.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyRequest } from 'fastify';
import { deviceUidOf } from '../sessions/device-uid.js';
import { KeyOffers } from './key-offers.service.js';

/** Keys that devices want to have. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/keys')
export class KeyController {
  constructor(@Inject(KeyOffers) private readonly offers: KeyOffers) {}

  @Post()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'offerKey',
    summary: 'Offers another key; it counts from the first session that it proves',
  })
  @ApiResponse({ status: 204, description: 'Kept' })
  async offer(@Body({ schema: keyOfferSchema }) offer: KeyOffer, @Req() http: FastifyRequest): Promise<void> {
    await this.offers.take(deviceUidOf(principalOf(http)), offer);
  }
}
