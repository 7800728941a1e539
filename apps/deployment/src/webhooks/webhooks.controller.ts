import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  DELIVERY_STATES,
  type WebhookDeliveryList,
  webhookDeliveryListSchema,
  type WebhookRedelivery,
  webhookRedeliveryResultSchema,
  webhookRedeliverySchema,
  type WebhookTestResult,
  webhookTestResultSchema,
} from '@muster/contracts/kinds/webhook.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { z } from 'zod';
import { WebhooksService } from './webhooks.service.js';

export const deliveryStateSchema = z.enum(DELIVERY_STATES);
const deliveriesQuerySchema = pageQuerySchema.extend({
  state: deliveryStateSchema.optional().describe('Only those in this state'),
});

/** The REST door of what people do with webhooks. */
@ApiTags('Webhook')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/webhooks')
export class WebhooksController {
  constructor(@Inject(WebhooksService) private readonly webhooks: WebhooksService) {}

  @Post(':name/test')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'testWebhook',
    summary: 'Sends a test at once; a disabled webhook that takes it works again',
  })
  @ApiResponse({ status: 200, standardSchema: webhookTestResultSchema })
  async test(@Param('name', { schema: nameSchema }) name: string): Promise<WebhookTestResult> {
    return this.webhooks.test(name);
  }

  @Get(':name/deliveries')
  @ApiOperation({ operationId: 'listWebhookDeliveries', summary: 'Lists what was delivered or not, newest first' })
  @ApiResponse({ status: 200, standardSchema: webhookDeliveryListSchema })
  async deliveries(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: deliveriesQuerySchema }) query: z.infer<typeof deliveriesQuerySchema>,
  ): Promise<WebhookDeliveryList> {
    return this.webhooks.list(name, { ...query, limit: query.limit ?? 100 });
  }

  @Post(':name/redeliver')
  @HttpCode(200)
  @ApiOperation({ operationId: 'redeliverWebhook', summary: 'Delivers events again, with the same ids' })
  @ApiResponse({ status: 200, standardSchema: webhookRedeliveryResultSchema })
  async redeliver(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: webhookRedeliverySchema }) body: WebhookRedelivery,
  ): Promise<{ events: number }> {
    return this.webhooks.redeliver(name, body);
  }
}
