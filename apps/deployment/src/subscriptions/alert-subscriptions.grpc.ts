import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { MailTestResult } from '@muster/contracts/kinds/alert-subscription.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { z } from 'zod';
import { AlertSubscriptionsService } from './alert-subscriptions.service.js';

const namedSchema = z.object({ name: nameSchema });

/** The gRPC door of what people do with subscriptions: the same answers as over REST. */
@Controller()
export class AlertSubscriptionsGrpcController {
  constructor(@Inject(AlertSubscriptionsService) private readonly subscriptions: AlertSubscriptionsService) {}

  @GrpcMethod('AlertSubscriptionActionService', 'Test')
  async test(request: object): Promise<MailTestResult> {
    return this.subscriptions.test(parseDocument(namedSchema, request, 'The request').name);
  }
}
