import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  type WebhookDeliveryList,
  webhookRedeliverySchema,
  type WebhookTestResult,
} from '@muster/contracts/kinds/webhook.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { z } from 'zod';
import { deliveryStateSchema } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

const SERVICE = 'WebhookActionService';
const namedSchema = z.object({ name: nameSchema });
const listSchema = namedSchema.extend({ state: deliveryStateSchema.optional() });

/** The gRPC door of what people do with webhooks: the same answers as over REST. */
@Controller()
export class WebhooksGrpcController {
  constructor(@Inject(WebhooksService) private readonly webhooks: WebhooksService) {}

  @GrpcMethod(SERVICE, 'Test')
  async test(request: object): Promise<WebhookTestResult> {
    return this.webhooks.test(parseDocument(namedSchema, request, 'The request').name);
  }

  @GrpcMethod(SERVICE, 'ListDeliveries')
  async deliveries(request: { pageSize?: number; continue?: string }): Promise<WebhookDeliveryList> {
    const { name, state } = parseDocument(listSchema, request, 'The request');
    return this.webhooks.list(name, { state, limit: pageSize(request.pageSize), continue: request.continue });
  }

  @GrpcMethod(SERVICE, 'Redeliver')
  async redeliver({ name, ...wish }: { name?: string }): Promise<{ events: number }> {
    const named = parseDocument(namedSchema, { name }, 'The request');
    return this.webhooks.redeliver(named.name, parseDocument(webhookRedeliverySchema, wish, 'The request'));
  }
}
